use std::io::{self, BufRead, Cursor, Read};

use serde::de::IgnoredAny;

/// Maximum bytes per document, so that a file without line ends cannot exhaust memory.
pub const MAX_DOCUMENT_BYTES: usize = 16 << 20;

#[derive(Debug, PartialEq, Eq)]
pub struct Document<'a> {
    /// From 1.
    pub line: u64,
    pub json: &'a [u8],
    pub problem: Option<Problem>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    TooLarge,
    OpenList,
    Rest,
}

pub struct Documents<R> {
    from: io::Chain<Cursor<Vec<u8>>, R>,
    /// One document per line, so that a broken document costs only its line.
    are_lines: bool,
    line: u64,
    in_list: bool,
    is_broken: bool,
    json: Vec<u8>,
    /// The last byte given to the parser, consumed only with the next one, since a number ends before it.
    given: Option<u8>,
}

impl<R: BufRead> Documents<R> {
    /// Detects the format from the content; the file name is not used.
    pub fn new(mut from: R) -> io::Result<Documents<R>> {
        let (mut head, mut line) = (Vec::new(), 1);
        while read_line(&mut from, &mut head)? && head.trim_ascii().is_empty() {
            head.clear();
            line += 1;
        }
        let first = head.len();
        let mut newest = first;
        while head.len() < MAX_DOCUMENT_BYTES
            && read_line(&mut from, &mut head)?
            && head.get(newest..).unwrap_or_default().trim_ascii().is_empty()
        {
            newest = head.len();
        }
        let bom = if head.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        let are_lines =
            are_lines(head.get(bom..first).unwrap_or_default(), head.get(first..).unwrap_or_default());
        let mut head = Cursor::new(head);
        head.set_position(bom as u64);
        let from = head.chain(from);
        Ok(Documents {
            from,
            are_lines,
            line,
            in_list: false,
            is_broken: false,
            json: Vec::new(),
            given: None,
        })
    }

    pub fn next(&mut self) -> io::Result<Option<Document<'_>>> {
        self.json.clear();
        if self.are_lines { self.next_line() } else { self.next_value() }
    }

    fn next_line(&mut self) -> io::Result<Option<Document<'_>>> {
        while self.json.trim_ascii().is_empty() {
            self.json.clear();
            if (&mut self.from).take(MAX_DOCUMENT_BYTES as u64 + 1).read_until(b'\n', &mut self.json)? == 0 {
                return Ok(None);
            }
            self.line += 1;
        }
        if self.json.len() > MAX_DOCUMENT_BYTES && self.json.last() != Some(&b'\n') {
            self.from.skip_until(b'\n')?;
        }
        Ok(Some(self.document(self.line - 1)))
    }

    fn next_value(&mut self) -> io::Result<Option<Document<'_>>> {
        while let Some(&byte) = self.from.fill_buf()?.first() {
            match byte {
                b'[' if !self.in_list => self.in_list = true,
                b']' if self.in_list => self.in_list = false,
                b'\n' => self.line += 1,
                b',' => {}
                _ if byte.is_ascii_whitespace() => {}
                _ if self.is_broken => {
                    self.in_list = false;
                    io::copy(&mut self.from, &mut io::sink())?;
                    return Ok(Some(Document { line: self.line, json: b"", problem: Some(Problem::Rest) }));
                }
                _ => return self.value(byte).map(Some),
            }
            self.from.consume(1);
        }
        let is_open = std::mem::take(&mut self.in_list);
        Ok(is_open.then_some(Document { line: self.line, json: b"", problem: Some(Problem::OpenList) }))
    }

    fn value(&mut self, first: u8) -> io::Result<Document<'_>> {
        let line = self.line;
        let read = serde_json::Deserializer::from_reader(&mut *self).into_iter::<IgnoredAny>().next();
        match read {
            Some(Err(error)) if error.is_io() => return Err(error.into()),
            Some(Err(_)) => {
                self.is_broken = true;
                self.take_given();
            }
            _ if matches!(first, b'{' | b'[' | b'"') => self.take_given(),
            // The byte that ended a number or a word belongs to the next document.
            _ => {
                if self.given.take().is_some() {
                    self.json.pop();
                }
            }
        }
        Ok(self.document(line))
    }

    fn document(&self, line: u64) -> Document<'_> {
        let json = self.json.strip_suffix(b"\n").unwrap_or(&self.json);
        let problem = (json.len() > MAX_DOCUMENT_BYTES).then_some(Problem::TooLarge);
        Document { line, json: json.trim_ascii_end(), problem }
    }

    fn take_given(&mut self) {
        if let Some(byte) = self.given.take() {
            self.line += u64::from(byte == b'\n');
            self.from.consume(1);
        }
    }
}

impl<R: BufRead> Read for Documents<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.take_given();
        let Some((byte, to)) = self.from.fill_buf()?.first().copied().zip(into.first_mut()) else {
            return Ok(0);
        };
        *to = byte;
        self.given = Some(byte);
        // One byte over the limit marks the document as too long.
        if self.json.len() <= MAX_DOCUMENT_BYTES {
            self.json.push(byte);
        }
        Ok(1)
    }
}

/// Takes the first two non-blank lines. A document over several lines is still open at the end of the first,
/// outside a string; its second line does not begin a new document, unless a list is open.
fn are_lines(first: &[u8], second: &[u8]) -> bool {
    let is_open = serde_json::from_slice::<IgnoredAny>(first).is_err_and(|error| error.is_eof());
    let end = first.trim_ascii_end();
    let is_within_list = end.ends_with(b"[") || end.ends_with(b"},");
    let begins_next = second.trim_ascii_start().starts_with(b"{") && !is_within_list;
    !first.trim_ascii_start().starts_with(b"[") && (!is_open || begins_next)
}

/// Reads a line, or the first [`MAX_DOCUMENT_BYTES`] of it; `false` at the end.
fn read_line(from: &mut impl BufRead, into: &mut Vec<u8>) -> io::Result<bool> {
    Ok(from.take(MAX_DOCUMENT_BYTES as u64).read_until(b'\n', into)? > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(file: &str) -> Vec<(u64, String)> {
        // A buffer of 3 bytes shows that chunk boundaries do not matter.
        let reader = io::BufReader::with_capacity(3, file.as_bytes());
        let mut documents = Documents::new(reader).unwrap();
        let mut out = Vec::new();
        while let Some(Document { line, json, problem }) = documents.next().unwrap() {
            let text = String::from_utf8(json.to_vec()).unwrap();
            out.push((line, problem.map_or(text, |problem| format!("{problem:?}"))));
        }
        out
    }

    #[test]
    fn the_shape_of_a_file_is_told_from_what_is_in_it() {
        for (file, expected) in [
            ("", vec![]),
            ("\n \n", vec![]),
            ("\n \n[\n\n{}\n]", vec![(5, "{}")]),
            ("\n\n{\"id\":1}\n\n{}", vec![(3, "{\"id\":1}"), (5, "{}")]),
            ("{\"id\":1}\n\n{\"id\":2}\r\n", vec![(1, "{\"id\":1}"), (3, "{\"id\":2}")]),
            ("\u{feff}{\"id\":1}", vec![(1, "{\"id\":1}")]),
            ("{\"id\":1\n{\"id\":2}\n", vec![(1, "{\"id\":1"), (2, "{\"id\":2}")]),
            ("{\"t\":\"a\n{\"id\":2}", vec![(1, "{\"t\":\"a"), (2, "{\"id\":2}")]),
            ("{\n\"a\":\"}\\\"]\"}\n{\n}", vec![(1, "{\n\"a\":\"}\\\"]\"}"), (3, "{\n}")]),
            ("{\"a\":[\n{}]}\n{}", vec![(1, "{\"a\":[\n{}]}"), (3, "{}")]),
            ("{\"a\":[{},\n{}]}", vec![(1, "{\"a\":[{},\n{}]}")]),
            ("[{\"id\":1},\n{\"id\":[2]}]", vec![(1, "{\"id\":1}"), (2, "{\"id\":[2]}")]),
            ("[\nnull, 7\n,[8],9]\n[0\n]", vec![(2, "null"), (2, "7"), (3, "[8]"), (3, "9"), (4, "0")]),
            ("[{\"id\":1},\n", vec![(1, "{\"id\":1}"), (2, "OpenList")]),
            ("[{\"id\":1},\n{\"id\":", vec![(1, "{\"id\":1}"), (2, "{\"id\":"), (2, "OpenList")]),
            ("[{},\n{\"id\" 2},\n{}]", vec![(1, "{}"), (2, "{\"id\" 2"), (2, "Rest")]),
            ("[]", vec![]),
        ] {
            let expected: Vec<_> = expected.into_iter().map(|(line, text)| (line, text.to_owned())).collect();
            assert_eq!(read(file), expected, "{file:?}");
        }
    }

    #[test]
    fn a_document_over_the_limit_is_skipped_and_the_next_is_read() {
        let long = "x".repeat(MAX_DOCUMENT_BYTES);
        for (file, line) in
            [(format!("{{}}\n{{\"{long}\"}}\n{{}}"), 2), (format!("[{{}},\n{{\"{long}\":1}},\n{{}}]"), 2)]
        {
            let mut documents = Documents::new(file.as_bytes()).unwrap();
            let mut problems = Vec::new();
            while let Some(document) = documents.next().unwrap() {
                problems.push((document.line, document.problem));
                assert!(document.json.len() <= MAX_DOCUMENT_BYTES + 1);
            }
            assert_eq!(problems, [(1, None), (line, Some(Problem::TooLarge)), (3, None)]);
        }
    }
}
