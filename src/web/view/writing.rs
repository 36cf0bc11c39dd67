//! What the forms for stories and comments share: previews and limits.

use crate::domain::items::input::{LONGEST_TEXT, ValidStory};
use crate::domain::items::title;
use crate::domain::text::Html;
use crate::web::view::layout::Page;

/// A post as it will look.
pub struct PreviewView {
    /// Of stories.
    pub title: Option<String>,
    pub site: Option<String>,
    pub by: String,
    pub html: Html,
}

impl PreviewView {
    pub fn comment(by: &str, html: Html) -> PreviewView {
        PreviewView { title: None, site: None, by: by.to_owned(), html }
    }

    pub fn story(by: &str, story: &ValidStory, html: Html) -> PreviewView {
        let site = story.url.as_ref().map(|url| url.site().name);
        PreviewView { title: Some(story.title.as_str().to_owned()), site, by: by.to_owned(), html }
    }
}

/// The most characters of a field, which the script counts.
impl Page<'_> {
    pub fn longest_text(&self) -> usize {
        LONGEST_TEXT
    }

    pub fn longest_title(&self) -> usize {
        title::MAX
    }
}
