use crate::domain::items::title::Title;
use crate::domain::text::is_blank;
use crate::domain::text::plural::Grouped;
use crate::domain::url::StoryUrl;

/// In characters.
pub const LONGEST_TEXT: usize = 20_000;

/// In characters; a notice appears between the story and its comments.
pub const LONGEST_NOTICE: usize = 1_000;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    #[error("Write something first.")]
    Empty,
    #[error(
        "That would show nothing: it has only formatting marks or invisible characters. Write something \
         first."
    )]
    Unseen,
    #[error(
        "That is {} characters; the limit is {}. Please shorten it.",
        Grouped(*.0),
        Grouped(LONGEST_TEXT)
    )]
    Long(usize),
    #[error("That is {0} characters; a notice can have up to {LONGEST_NOTICE}. Please shorten it.")]
    LongNotice(usize),
}

pub fn text(typed: &str) -> Result<String, TextError> {
    let text = typed.replace("\r\n", "\n").replace('\r', "\n").replace('\0', "");
    let text = text.trim_end().trim_start_matches('\n').to_owned();
    let length = text.chars().count();
    if length > LONGEST_TEXT {
        return Err(TextError::Long(length));
    }
    Ok(text)
}

pub fn optional(typed: &str) -> Result<String, TextError> {
    let text = text(typed)?;
    if !text.is_empty() && is_blank(&text) { Err(TextError::Unseen) } else { Ok(text) }
}

pub fn comment(typed: &str) -> Result<String, TextError> {
    let text = optional(typed)?;
    if text.is_empty() { Err(TextError::Empty) } else { Ok(text) }
}

pub fn notice(typed: &str) -> Result<String, TextError> {
    let text = comment(typed)?;
    match text.chars().count() {
        length if length > LONGEST_NOTICE => Err(TextError::LongNotice(length)),
        _ => Ok(text),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Enter an address, a text, or both.")]
pub struct EmptyText;

#[derive(Debug, Clone)]
pub struct ValidStory {
    pub title: Title,
    pub url: Option<StoryUrl>,
    pub text: String,
}

impl ValidStory {
    /// Requires a URL or a text; adds the URL's mark to the title.
    pub fn new(title: Title, url: Option<StoryUrl>, text: String) -> Result<ValidStory, EmptyText> {
        if url.is_none() && is_blank(&text) {
            return Err(EmptyText);
        }
        let title = match &url {
            Some(url) => title.with_mark(url),
            None => title,
        };
        Ok(ValidStory { title, url, text })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_are_made_alike_and_blank_ends_cut() {
        assert_eq!(text("\r\n\r\na\r\n\r\n    code\rb  \n\n"), Ok("a\n\n    code\nb".to_owned()));
        assert_eq!(text("    code first"), Ok("    code first".to_owned()));
        assert_eq!(text(""), Ok(String::new()));
    }

    #[test]
    fn a_comment_says_something_and_not_too_much() {
        assert_eq!(comment(" \n\t"), Err(TextError::Empty));
        for typed in ["\u{200B}", "\u{2800}", "\u{3164}", "****", "> ", "---", "- ", "[](x)", "&nbsp;"] {
            assert_eq!(comment(typed), Err(TextError::Unseen), "{typed}");
            assert_eq!(optional(typed), Err(TextError::Unseen), "{typed}");
        }
        assert_eq!(optional(" \n"), Ok(String::new()));
        assert_eq!(notice("****"), Err(TextError::Unseen));
        assert_eq!(comment(&"ä".repeat(20_000)).map(|t| t.chars().count()), Ok(20_000));
        assert_eq!(comment(&"ä".repeat(20_001)), Err(TextError::Long(20_001)));
        assert_eq!(notice(" "), Err(TextError::Empty));
        assert_eq!(notice(&"ä".repeat(1_000)).map(|t| t.chars().count()), Ok(1_000));
        assert_eq!(notice(&"ä".repeat(1_001)), Err(TextError::LongNotice(1_001)));
        assert_eq!(notice(&"ä".repeat(20_001)), Err(TextError::Long(20_001)));
    }
}
