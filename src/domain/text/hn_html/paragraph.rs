//! A paragraph of Hacker News's HTML: text with marks.

/// Placeholder in the text for the next mark.
pub const MARK: char = '\u{FFFC}';

#[derive(Debug, PartialEq)]
pub enum Mark {
    Italic,
    Bold,
    Break,
    Code(String),
    /// Without a label it shows its URL.
    Link {
        href: String,
        label: Option<String>,
    },
}

/// The text of a paragraph, with a `MARK` for each of `marks`, in order.
#[derive(Default)]
pub struct Paragraph {
    pub text: String,
    pub marks: Vec<Mark>,
}

impl Paragraph {
    pub fn push(&mut self, mark: Mark) {
        self.text.push(MARK);
        self.marks.push(mark);
    }

    pub fn end_line(&mut self) {
        let text = self.text.trim_end();
        if !(text.is_empty() || text.ends_with(MARK) && self.marks.last() == Some(&Mark::Break)) {
            self.push(Mark::Break);
            self.text.push('\n');
        }
    }

    pub fn begin(&mut self, mark: Mark) {
        if self.text.ends_with(MARK) && self.marks.last() == Some(&mark) {
            self.text.pop();
            self.marks.pop();
        } else {
            self.push(mark);
        }
    }

    pub fn code(&mut self, code: String) {
        match self.marks.last_mut() {
            Some(Mark::Code(before)) if self.text.ends_with(MARK) => before.push_str(&code),
            _ => self.push(Mark::Code(code)),
        }
    }

    /// Ends an emphasis before trailing white space and breaks.
    pub fn end(&mut self, mark: Mark) {
        let mut text = self.text.trim_end();
        let mut at = self.marks.len();
        while let (Some(before), [.., Mark::Break]) =
            (text.strip_suffix(MARK), self.marks.get(..at).unwrap_or_default())
        {
            text = before.trim_end();
            at -= 1;
        }
        let end = text.len();
        self.text.insert(end, MARK);
        self.marks.insert(at, mark);
    }
}
