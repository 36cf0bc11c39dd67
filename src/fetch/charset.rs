//! Charset detection as in the HTML standard: byte order mark, Content-Type header, declaration in the page.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252, X_USER_DEFINED};

/// In bytes.
const PRESCAN: usize = 1_024;

/// Falls back to UTF-8, or Windows-1252 if the body is not UTF-8.
pub(super) fn of(body: &[u8], content_type: &str) -> &'static Encoding {
    let guess = || match std::str::from_utf8(body) {
        // The end may be cut inside a character.
        Err(error) if error.error_len().is_some() => WINDOWS_1252,
        _ => UTF_8,
    };
    Encoding::for_bom(body)
        .map(|(encoding, _)| encoding)
        .or_else(|| parameter(content_type))
        .or_else(|| declared(body.get(..PRESCAN).unwrap_or(body)))
        .unwrap_or_else(guess)
}

fn parameter(content_type: &str) -> Option<&'static Encoding> {
    let mut parameters = content_type.split(';').skip(1).filter_map(|parameter| parameter.split_once('='));
    let (_, value) = parameters.find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))?;
    Encoding::for_label(value.trim().trim_matches('"').as_bytes())
}

fn declared(start: &[u8]) -> Option<&'static Encoding> {
    if start.starts_with(b"<\0?\0x\0") {
        return Some(UTF_16LE);
    }
    if start.starts_with(b"\0<\0?\0x") {
        return Some(UTF_16BE);
    }
    Prescan { rest: start }.meta().or_else(|| xml(start))
}

/// A declaration that is readable as ASCII rules out UTF-16.
fn readable(encoding: &'static Encoding) -> &'static Encoding {
    match encoding {
        e if e == UTF_16LE || e == UTF_16BE => UTF_8,
        e if e == X_USER_DEFINED => WINDOWS_1252,
        e => e,
    }
}

/// The `encoding` of `<?xml version="1.0" encoding="..."?>`.
fn xml(start: &[u8]) -> Option<&'static Encoding> {
    let declaration = start.strip_prefix(b"<?xml")?;
    let declaration = declaration.get(..position(declaration, b">")?)?;
    let value = declaration.get(position(declaration, b"encoding")? + b"encoding".len()..)?;
    let value = skip_controls(value).strip_prefix(b"=")?;
    let (quote, value) =
        skip_controls(value).split_first().filter(|(quote, _)| matches!(quote, b'"' | b'\''))?;
    let label = value.get(..position(value, &[*quote])?)?;
    Encoding::for_label(label).filter(|_| label.iter().all(|byte| *byte > b' ')).map(readable)
}

/// The encoding of `text/html; charset=...` in a `<meta>`.
fn of_content(mut content: &[u8]) -> Option<&'static Encoding> {
    loop {
        content = content.get(position(content, b"charset")? + b"charset".len()..)?;
        let Some(value) = content.trim_ascii_start().strip_prefix(b"=") else { continue };
        let value = value.trim_ascii_start();
        let label = match value.first()? {
            quote @ (b'"' | b'\'') => {
                let value = value.get(1..)?;
                value.get(..position(value, &[*quote])?)?
            }
            _ => value.split(|byte| is_space(*byte) || *byte == b';').next()?,
        };
        return Encoding::for_label(label);
    }
}

fn position(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

fn skip_controls(text: &[u8]) -> &[u8] {
    text.get(text.iter().take_while(|byte| **byte <= b' ').count()..).unwrap_or_default()
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | 0x0c | b'\r' | b' ')
}

/// The standard's prescan; methods return `None` at the end of the input.
struct Prescan<'a> {
    rest: &'a [u8],
}

impl Prescan<'_> {
    fn meta(&mut self) -> Option<&'static Encoding> {
        loop {
            let is_tag = |skip: usize| self.rest.get(skip).is_some_and(u8::is_ascii_alphabetic);
            if self.rest.starts_with(b"<!--") {
                // The dashes that open a comment may close it.
                self.skip(2)?;
                self.skip(position(self.rest, b"-->")? + 3)?;
            } else if self.is_at_meta() {
                self.skip(b"<meta".len())?;
                if let Some(encoding) = self.charset_of_meta()? {
                    return Some(encoding);
                }
            } else if self.rest.starts_with(b"<")
                && (is_tag(1) || self.rest.get(1) == Some(&b'/') && is_tag(2))
            {
                self.skip(self.rest.iter().position(|byte| is_space(*byte) || *byte == b'>')?)?;
                while self.attribute()?.is_some() {}
            } else if [b"<!", b"</", b"<?"].iter().any(|start| self.rest.starts_with(*start)) {
                self.skip(position(self.rest, b">")? + 1)?;
            } else {
                self.skip(1)?;
            }
        }
    }

    fn skip(&mut self, bytes: usize) -> Option<()> {
        self.rest = self.rest.get(bytes..)?;
        Some(())
    }

    fn skip_while(&mut self, skipped: impl Fn(u8) -> bool) -> Option<u8> {
        self.skip(self.rest.iter().position(|byte| !skipped(*byte))?)?;
        self.rest.first().copied()
    }

    fn is_at_meta(&self) -> bool {
        let (Some(tag), Some(next)) = (self.rest.get(..5), self.rest.get(5)) else { return false };
        tag.eq_ignore_ascii_case(b"<meta") && (is_space(*next) || *next == b'/')
    }

    /// The charset named by a `<meta>`; the inner `None` is an unknown one.
    fn charset_of_meta(&mut self) -> Option<Option<&'static Encoding>> {
        let (mut names, mut is_pragma, mut needs_pragma, mut charset) = (Vec::new(), false, false, None);
        while let Some((name, value)) = self.attribute()? {
            if names.contains(&name) {
                continue;
            }
            match name.as_slice() {
                b"http-equiv" => is_pragma = value == b"content-type",
                b"content" if charset.is_none() => {
                    charset = of_content(&value);
                    needs_pragma = charset.is_some();
                }
                b"charset" => {
                    charset = Encoding::for_label(&value);
                    needs_pragma = false;
                }
                _ => {}
            }
            names.push(name);
        }
        Some(charset.filter(|_| is_pragma || !needs_pragma).map(readable))
    }

    /// The next attribute in lower case; the inner `None` is the end of the tag.
    fn attribute(&mut self) -> Option<Option<(Vec<u8>, Vec<u8>)>> {
        if self.skip_while(|byte| is_space(byte) || byte == b'/')? == b'>' {
            return Some(None);
        }
        let length = self.rest.iter().skip(1).position(|byte| is_space(*byte) || b"=/>".contains(byte))? + 1;
        let name = self.take(length)?;
        if self.skip_while(is_space)? != b'=' {
            return Some(Some((name, Vec::new())));
        }
        self.skip(1)?;
        let value = match self.skip_while(is_space)? {
            quote @ (b'"' | b'\'') => {
                self.skip(1)?;
                let value = self.take(position(self.rest, &[quote])?)?;
                self.skip(1)?;
                value
            }
            _ => self.take(self.rest.iter().position(|byte| is_space(*byte) || *byte == b'>')?)?,
        };
        Some(Some((name, value)))
    }

    fn take(&mut self, bytes: usize) -> Option<Vec<u8>> {
        let taken = self.rest.get(..bytes)?.to_ascii_lowercase();
        self.skip(bytes)?;
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_names_its_charset_in_a_meta_of_that_purpose() {
        for (start, expected) in [
            ("<meta charset=utf-8>", Some("UTF-8")),
            ("<META CHARSET='Shift_JIS'>", Some("Shift_JIS")),
            ("<meta name=x><meta charset=\"gbk\" />", Some("GBK")),
            ("<meta/charset=gbk>", Some("GBK")),
            ("<meta\ncharset\t=\n gbk >", Some("GBK")),
            (
                "<meta http-equiv=Content-Type content=\"text/html; charset = windows-1251\">",
                Some("windows-1251"),
            ),
            ("<meta content='text/html; charset=\"koi8-r\"' http-equiv='CONTENT-TYPE'>", Some("KOI8-R")),
            ("<meta content=charset=gbk http-equiv=content-type>", Some("GBK")),
            ("<meta http-equiv=content-type content='charset charset=gbk'>", Some("GBK")),
            // The first known one wins.
            ("<meta charset=nonsense><meta charset=gbk><meta charset=utf-8>", Some("GBK")),
            ("<meta charset=gbk charset=utf-8>", Some("GBK")),
            // Scripts are not distinguished from markup.
            ("<script>'<meta charset=gbk>'</script>", Some("GBK")),
            ("<!--><meta charset=gbk>", Some("GBK")),
            ("<a title='>' b><meta charset=gbk>", Some("GBK")),
            ("</p x='<meta charset=utf-8>'><meta charset=gbk>", Some("GBK")),
            ("<!doctype html><?x y?></ ><meta charset=gbk>", Some("GBK")),
            ("<meta charset=utf-16le>", Some("UTF-8")),
            ("<meta charset=x-user-defined>", Some("windows-1252")),
            // Another kind of `<meta>`, or not a tag.
            ("<meta name=description content='charset=gbk'>", None),
            ("<meta name=keywords content='text/html; charset=gbk'>", None),
            ("<meta http-equiv=refresh content='0; url=/?charset=gbk'>", None),
            ("<meta http-equiv=content-type content='text/html; charset=\"gbk'>", None),
            ("<meta property=og:url content='https://x.example/?charset=gbk'>", None),
            ("<meta data-charset=gbk>", None),
            ("<meta content='x' title='charset=gbk'>", None),
            ("<metal charset=gbk>", None),
            ("<meta charset=nonsense>", None),
            ("<!-- <meta charset=gbk> -->", None),
            ("<a title='<meta charset=gbk>'>", None),
            ("<p>charset=gbk", None),
            ("<meta charset=gbk", None),
            ("<meta charset='gbk>", None),
            ("<meta", None),
            ("<", None),
            ("", None),
            ("<?xml version='1.0' encoding='koi8-r'?><html>", Some("KOI8-R")),
            ("<?xml version='1.0' encoding='koi8-r'?><meta charset=gbk>", Some("GBK")),
            ("<?xml version='1.0' encoding=koi8-r?><html>", None),
            (" <?xml version='1.0' encoding='koi8-r'?>", None),
            ("<\0?\0x\0m\0l\0", Some("UTF-16LE")),
            ("\0<\0?\0x\0m\0l", Some("UTF-16BE")),
        ] {
            assert_eq!(declared(start.as_bytes()).map(Encoding::name), expected, "{start}");
        }
    }

    #[test]
    fn a_mark_goes_before_the_header_and_the_header_before_the_page() {
        let meta = b"<meta charset=gbk>".as_slice();
        let marked = [b"\xef\xbb\xbf", meta].concat();
        let late = [b" ".repeat(PRESCAN).as_slice(), meta].concat();
        for (body, header, expected) in [
            (marked.as_slice(), "text/html; charset=koi8-r", "UTF-8"),
            (b"\xfe\xff\0<", "text/html", "UTF-16BE"),
            (meta, "text/html; charset=koi8-r", "KOI8-R"),
            (meta, "text/html;level=1;CHARSET=\"koi8-r\";", "KOI8-R"),
            (meta, "text/html; charset=nonsense", "GBK"),
            (meta, "text/html; x-charset=koi8-r", "GBK"),
            (meta, "text/html", "GBK"),
            (meta, "", "GBK"),
            (&late, "text/html", "UTF-8"),
            (b"caf\xc3\xa9", "text/html", "UTF-8"),
            (b"caf\xc3", "text/html", "UTF-8"),
            (b"caf\xe9 x", "text/html", "windows-1252"),
            (b"", "text/html", "UTF-8"),
        ] {
            assert_eq!(of(body, header).name(), expected, "{:?} {header}", String::from_utf8_lossy(body));
        }
    }
}
