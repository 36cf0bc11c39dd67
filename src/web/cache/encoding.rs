//! The compressed forms of a page, and which of them a browser takes.

use std::io::Write;

use http::HeaderMap;
use http::header::ACCEPT_ENCODING;

/// A compressed form of a page.
pub struct Encoding {
    /// As `Accept-Encoding` has it.
    pub name: &'static str,
    pub compress: fn(&[u8]) -> std::io::Result<Vec<u8>>,
}

/// The one that a browser takes and that stands first is what it gets: at these efforts the smaller goes before.
pub const FORMS: [Encoding; 2] =
    [Encoding { name: "br", compress: brotli }, Encoding { name: "gzip", compress: gzip }];

/// Whether a browser takes this form; one that it refuses with `q=0` is not for it.
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

/// The place in [`FORMS`] of the best that a browser takes.
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
