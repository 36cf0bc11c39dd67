//! Compressed encodings of a page and their negotiation.

use std::io::Write;

use http::HeaderMap;
use http::header::ACCEPT_ENCODING;

pub struct Encoding {
    /// As in `Accept-Encoding`.
    pub name: &'static str,
    pub compress: fn(&[u8]) -> std::io::Result<Vec<u8>>,
}

/// In order of preference: smallest first at these compression levels.
pub const FORMS: [Encoding; 2] =
    [Encoding { name: "br", compress: brotli }, Encoding { name: "gzip", compress: gzip }];

/// Whether `Accept-Encoding` accepts this encoding; `q=0` refuses it.
pub fn takes(headers: &HeaderMap, name: &str) -> bool {
    headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok()).any(|value| {
        value.split(',').any(|part| {
            let mut parts = part.split(';').map(str::trim);
            let named = parts.next().is_some_and(|one| one.eq_ignore_ascii_case(name));
            named
                && !parts
                    .any(|q| matches!(q.strip_prefix("q=").map(str::parse::<f32>), Some(Ok(q)) if q <= 0.0))
        })
    })
}

pub fn best_form(headers: &HeaderMap) -> Option<usize> {
    FORMS.iter().position(|form| takes(headers, form.name))
}

fn gzip(plain: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder =
        flate2::write::GzEncoder::new(Vec::with_capacity(plain.len() / 6), flate2::Compression::new(6));
    encoder.write_all(plain)?;
    encoder.finish()
}

fn brotli(plain: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut compressed = Vec::with_capacity(plain.len() / 7);
    let mut writer = brotli::CompressorWriter::new(&mut compressed, 64 * 1024, 5, 20);
    writer.write_all(plain)?;
    drop(writer);
    Ok(compressed)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_browser_gets_the_best_form_that_it_takes() {
        for (accept, expected) in [
            ("gzip, deflate, br, zstd", Some("br")),
            ("gzip, zstd", Some("gzip")),
            ("GZIP", Some("gzip")),
            ("br;q=0, gzip;q=0.5", Some("gzip")),
            ("identity", None),
            ("", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(accept));
            let form = best_form(&headers).and_then(|form| FORMS.get(form)).map(|form| form.name);
            assert_eq!(form, expected, "{accept}");
        }
        assert_eq!(best_form(&HeaderMap::new()), None);
    }
}
