//! A file cut into the pieces that each hold one document: a line, an element of an array, or a document over several lines.
//!
//! Only one piece is held at a time, and never more than [`LARGEST`] bytes of it.

use std::io::{self, BufRead, Cursor, Read};

/// The most bytes of one piece, so that a file without line ends cannot fill the memory.
pub const LARGEST: usize = 16 << 20;

/// How the pieces of a file are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// One document a line: a broken one costs its line.
    Lines,
    /// An array of documents, or documents that go over several lines: brackets tell where each ends.
    Documents,
}

/// One piece of a file.
#[derive(Debug, PartialEq, Eq)]
pub struct Piece {
    /// The line it begins on, from 1.
    pub line: u64,
    pub cut: Option<Cut>,
}

/// Why a piece is not whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    TooLarge,
    /// The array that the file holds is never closed.
    OpenArray,
}

/// The pieces of one file, in its order.
pub struct Pieces<R> {
    from: io::Chain<Cursor<Vec<u8>>, R>,
    shape: Shape,
    line: u64,
    in_array: bool,
}

impl<R: BufRead> Pieces<R> {
    /// Looks at the beginning of a file to tell its shape; the name of the file says nothing.
    pub fn new(mut from: R) -> io::Result<Pieces<R>> {
        let mut head = Vec::new();
        let first = read_line(&mut from, &mut head)?;
        let second = read_line(&mut from, &mut head)?;
        let bom = if head.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        let shape = shape(head.get(bom..first).unwrap_or_default(), head.get(first..second).unwrap_or_default());
        let mut head = Cursor::new(head);
        head.set_position(bom as u64);
        Ok(Pieces { from: head.chain(from), shape, line: 1, in_array: false })
    }

    /// Reads the next piece into `bytes`, which is emptied before; none at the end of the file.
    pub fn next(&mut self, bytes: &mut Vec<u8>) -> io::Result<Option<Piece>> {
        match self.shape {
            Shape::Lines => self.next_line(bytes),
            Shape::Documents => self.next_document(bytes),
        }
    }

    fn next_line(&mut self, bytes: &mut Vec<u8>) -> io::Result<Option<Piece>> {
        loop {
            bytes.clear();
            let most = LARGEST as u64 + 1;
            if (&mut self.from).take(most).read_until(b'\n', bytes)? == 0 {
                return Ok(None);
            }
            let line = self.line;
            self.line += 1;
            if bytes.len() > LARGEST && bytes.last() != Some(&b'\n') {
                skip_line(&mut self.from)?;
                return Ok(Some(Piece { line, cut: Some(Cut::TooLarge) }));
            }
            if !bytes.trim_ascii().is_empty() {
                return Ok(Some(Piece { line, cut: None }));
            }
        }
    }

    fn next_document(&mut self, bytes: &mut Vec<u8>) -> io::Result<Option<Piece>> {
        bytes.clear();
        let mut brackets = Brackets::default();
        let mut began = self.line;
        loop {
            let chunk = self.from.fill_buf()?;
            if chunk.is_empty() {
                return Ok(self.at_end(began, bytes));
            }
            let mut used = 0;
            for &byte in chunk {
                let between = bytes.is_empty();
                if between && matches!(byte, b'[' | b']') && !(byte == b'[' && self.in_array) {
                    self.in_array = byte == b'[';
                } else if between && (byte == b',' || byte.is_ascii_whitespace()) {
                    // Nothing stands between two documents but this.
                } else if !brackets.is_open() && !between && (matches!(byte, b',' | b']') || byte.is_ascii_whitespace())
                {
                    // The piece was a bare word or number; what ended it is read again.
                    self.from.consume(used);
                    return Ok(Some(piece(began, bytes)));
                } else {
                    if between {
                        began = self.line;
                    }
                    brackets.pass(byte);
                    // One byte over the limit is kept, as the sign that there was more.
                    if bytes.len() <= LARGEST {
                        bytes.push(byte);
                    }
                }
                used += 1;
                self.line += u64::from(byte == b'\n');
                if brackets.closed {
                    self.from.consume(used);
                    return Ok(Some(piece(began, bytes)));
                }
            }
            self.from.consume(used);
        }
    }

    fn at_end(&mut self, began: u64, bytes: &[u8]) -> Option<Piece> {
        if !bytes.is_empty() {
            return Some(piece(began, bytes));
        }
        if self.in_array {
            self.in_array = false;
            return Some(Piece { line: self.line, cut: Some(Cut::OpenArray) });
        }
        None
    }
}

fn piece(line: u64, bytes: &[u8]) -> Piece {
    Piece { line, cut: (bytes.len() > LARGEST).then_some(Cut::TooLarge) }
}

/// Where in a document a reader stands: how many brackets are open, and whether inside a string.
#[derive(Debug, Default)]
struct Brackets {
    open: usize,
    in_string: bool,
    escaped: bool,
    /// The last bracket has just been closed.
    closed: bool,
}

impl Brackets {
    fn pass(&mut self, byte: u8) {
        if self.in_string {
            if self.escaped {
                self.escaped = false;
            } else {
                self.escaped = byte == b'\\';
                self.in_string = byte != b'"';
            }
            return;
        }
        match byte {
            b'"' => self.in_string = true,
            b'{' | b'[' => self.open += 1,
            b'}' | b']' => {
                self.open = self.open.saturating_sub(1);
                self.closed = self.open == 0;
            }
            _ => {}
        }
    }

    fn is_open(&self) -> bool {
        self.open > 0 || self.in_string
    }
}

/// `first` and `second` are the first two lines that are not blank. A document that goes over lines is still open at the end of its
/// first, and not within a string; and its second line does not begin the next document, as it does where the first line is broken,
/// unless a list of documents is open there.
fn shape(first: &[u8], second: &[u8]) -> Shape {
    let mut brackets = Brackets::default();
    first.iter().for_each(|byte| brackets.pass(*byte));
    let is_within_list = first.trim_ascii_end().ends_with(b"[") || first.trim_ascii_end().ends_with(b"},");
    let begins_next = second.trim_ascii_start().starts_with(b"{") && !is_within_list;
    let goes_on = brackets.open > 0 && !brackets.in_string && !begins_next;
    if goes_on || first.trim_ascii_start().starts_with(b"[") { Shape::Documents } else { Shape::Lines }
}

/// Reads up to the end of the next line that is not blank, or [`LARGEST`] bytes of it. Answers how long `into` is then.
fn read_line(from: &mut impl BufRead, into: &mut Vec<u8>) -> io::Result<usize> {
    loop {
        let before = into.len();
        let read = from.take(LARGEST as u64).read_until(b'\n', into)?;
        if read == 0 || !into.get(before..).unwrap_or_default().trim_ascii().is_empty() {
            return Ok(into.len());
        }
    }
}

fn skip_line(from: &mut impl BufRead) -> io::Result<()> {
    loop {
        let chunk = from.fill_buf()?;
        let end = chunk.iter().position(|byte| *byte == b'\n');
        let used = end.map_or(chunk.len(), |at| at + 1);
        let done = end.is_some() || chunk.is_empty();
        from.consume(used);
        if done {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(file: &str) -> Vec<(u64, String)> {
        // A reader of 3 bytes at a time shows that nothing depends on where a chunk ends.
        let reader = io::BufReader::with_capacity(3, file.as_bytes());
        let mut pieces = Pieces::new(reader).unwrap();
        let (mut out, mut bytes) = (Vec::new(), Vec::new());
        while let Some(piece) = pieces.next(&mut bytes).unwrap() {
            let text = String::from_utf8(bytes.clone()).unwrap();
            out.push((piece.line, piece.cut.map_or(text.trim().to_owned(), |cut| format!("{cut:?}"))));
        }
        out
    }

    #[test]
    fn the_shape_of_a_file_is_told_from_what_is_in_it() {
        for (file, expected) in [
            ("", vec![]),
            ("\n \n", vec![]),
            ("{\"id\":1}\n\n{\"id\":2}\r\n", vec![(1, "{\"id\":1}"), (3, "{\"id\":2}")]),
            ("\u{feff}{\"id\":1}", vec![(1, "{\"id\":1}")]),
            ("{\"id\":1\n{\"id\":2}\n", vec![(1, "{\"id\":1"), (2, "{\"id\":2}")]),
            ("{\"t\":\"a\n{\"id\":2}", vec![(1, "{\"t\":\"a"), (2, "{\"id\":2}")]),
            ("{\n\"a\":\"}\\\"]\"}\n{\n}", vec![(1, "{\n\"a\":\"}\\\"]\"}"), (3, "{\n}")]),
            ("{\"a\":[\n{}]}\n{}", vec![(1, "{\"a\":[\n{}]}"), (3, "{}")]),
            ("{\"a\":[{},\n{}]}", vec![(1, "{\"a\":[{},\n{}]}")]),
            ("[{\"id\":1},\n{\"id\":[2]}]", vec![(1, "{\"id\":1}"), (2, "{\"id\":[2]}")]),
            ("[\nnull, 7,[8]\n]\n", vec![(2, "null"), (2, "7"), (2, "[8]")]),
            ("[{\"id\":1},\n", vec![(1, "{\"id\":1}"), (2, "OpenArray")]),
            ("[{\"id\":1},\n{\"id\":", vec![(1, "{\"id\":1}"), (2, "{\"id\":"), (2, "OpenArray")]),
            ("[]", vec![]),
        ] {
            let expected: Vec<_> = expected.into_iter().map(|(line, text)| (line, text.to_owned())).collect();
            assert_eq!(cut(file), expected, "{file:?}");
        }
    }

    #[test]
    fn a_piece_over_the_limit_is_skipped_and_the_next_is_read() {
        let long = "x".repeat(LARGEST);
        for (file, line) in
            [(format!("{{}}\n{{\"{long}\"}}\n{{}}"), 2), (format!("[{{}},\n{{\"{long}\":1}},\n{{}}]"), 2)]
        {
            let mut pieces = Pieces::new(file.as_bytes()).unwrap();
            let (mut cuts, mut bytes) = (Vec::new(), Vec::new());
            while let Some(piece) = pieces.next(&mut bytes).unwrap() {
                cuts.push((piece.line, piece.cut));
                assert!(bytes.len() <= LARGEST + 1);
            }
            assert_eq!(cuts, [(1, None), (line, Some(Cut::TooLarge)), (3, None)]);
        }
    }
}
