//! One paragraph of another site's text, as it is read before it becomes Markdown.

/// Stands in a paragraph's text for the next of its marks.
pub const MARK: char = '\u{FFFC}';

/// What is not text in a paragraph.
#[derive(Debug, PartialEq)]
pub enum Mark {
    /// Where italics begin or end.
    Italic,
    /// Where bold text begins or ends.
    Bold,
    Break,
    Code(String),
    /// A link; without a label it shows its address.
    Link {
        href: String,
        label: Option<String>,
    },
}

/// A paragraph: its text, with a `MARK` in the place of each of `marks`, in order.
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

    /// Ends the line, where it is not empty.
    pub fn end_line(&mut self) {
        let text = self.text.trim_end();
        if !(text.is_empty() || text.ends_with(MARK) && self.marks.last() == Some(&Mark::Break)) {
            self.push(Mark::Break);
            self.text.push('\n');
        }
    }

    /// Begins an emphasis; right behind the end of one like it, that one goes on.
    pub fn begin(&mut self, mark: Mark) {
        if self.text.ends_with(MARK) && self.marks.last() == Some(&mark) {
            self.text.pop();
            self.marks.pop();
        } else {
            self.push(mark);
        }
    }

    /// Adds code; two pieces without anything between them are one.
    pub fn code(&mut self, code: String) {
        match self.marks.last_mut() {
            Some(Mark::Code(before)) if self.text.ends_with(MARK) => before.push_str(&code),
            _ => self.push(Mark::Code(code)),
        }
    }

    /// Ends an emphasis, in front of the white space and the breaks that the text ends with.
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
