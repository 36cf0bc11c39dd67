//! A community's own pages in Markdown, and its words for the pages that every forum has.

use crate::domain::text::{MAX_TEXT_BYTES, has_visible, is_blank, is_legible};

pub const MAX_PAGES: i64 = 50;
const MAX_TITLE_CHARS: usize = 80;
const MAX_SLUG_BYTES: usize = 40;
pub const MAX_PAGE_BYTES: usize = 64 * 1024;

/// A page that every forum has, at an address of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BuiltInPage {
    Guidelines,
    Privacy,
    Contact,
}

impl BuiltInPage {
    pub const ALL: [BuiltInPage; 3] = [BuiltInPage::Guidelines, BuiltInPage::Privacy, BuiltInPage::Contact];

    pub const fn slug(self) -> &'static str {
        match self {
            BuiltInPage::Guidelines => "guidelines",
            BuiltInPage::Privacy => "privacy",
            BuiltInPage::Contact => "contact",
        }
    }

    pub const fn title(self) -> &'static str {
        match self {
            BuiltInPage::Guidelines => "Guidelines",
            BuiltInPage::Privacy => "Privacy",
            BuiltInPage::Contact => "Contact",
        }
    }

    pub fn of(slug: &str) -> Option<BuiltInPage> {
        BuiltInPage::ALL.into_iter().find(|page| page.slug() == slug)
    }
}

/// Where a page is.
pub fn address(slug: &str) -> String {
    match BuiltInPage::of(slug) {
        Some(page) => format!("/{}", page.slug()),
        None => format!("/pages/{slug}"),
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PageError {
    #[error("Please give the page a title of up to 80 visible characters.")]
    Title,
    #[error("Please use 1 to 40 of the letters a to z, digits and hyphens, such as “about-us”.")]
    Slug,
    #[error("There is a page at that address already. Please choose another.")]
    Taken,
    #[error("Please write the page.")]
    Blank,
    #[error("This page has {0} KB; the limit is 64 KB.")]
    Long(usize),
    #[error("This contains invisible characters. Please type it again.")]
    Unshown,
    #[error("There are 50 pages already, which is the limit. Please delete one first.")]
    TooMany,
}

pub fn title(typed: &str) -> Result<&str, PageError> {
    let title = typed.trim();
    let is_title = has_visible(title) && is_legible(title) && !title.contains(['\n', '\r', '\t']);
    let is_short = title.chars().count() <= MAX_TITLE_CHARS;
    if is_title && is_short { Ok(title) } else { Err(PageError::Title) }
}

/// The last part of a page's address.
pub fn slug(typed: &str) -> Result<String, PageError> {
    let slug = typed.trim().to_ascii_lowercase();
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if slug.is_empty() || slug.len() > MAX_SLUG_BYTES || !slug.bytes().all(is_plain) {
        return Err(PageError::Slug);
    }
    // The form for a new page is at “new”.
    if BuiltInPage::of(&slug).is_some() || slug == "new" { Err(PageError::Taken) } else { Ok(slug) }
}

pub fn text(typed: &str) -> Result<&str, PageError> {
    let text = typed.trim();
    if text.len() > MAX_PAGE_BYTES {
        return Err(PageError::Long(text.len().div_ceil(1024)));
    }
    if !is_legible(text) {
        return Err(PageError::Unshown);
    }
    if is_blank(text) { Err(PageError::Blank) } else { Ok(text) }
}

const _: () = assert!(MAX_PAGE_BYTES <= MAX_TEXT_BYTES, "a page can be rendered");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_plain_and_not_that_of_another_page() {
        assert_eq!(slug(" About-Us2 "), Ok("about-us2".to_owned()));
        for wrong in ["", "über", "a b", "a/b", "..", "a.b", &"x".repeat(41)] {
            assert_eq!(slug(wrong), Err(PageError::Slug), "{wrong}");
        }
        assert_eq!(slug("Privacy"), Err(PageError::Taken));
        assert_eq!(
            (address("privacy"), address("about")),
            ("/privacy".to_owned(), "/pages/about".to_owned())
        );
    }

    #[test]
    fn a_page_says_something() {
        assert_eq!(text(" Words.\n"), Ok("Words."));
        assert_eq!(text(&"x".repeat(MAX_PAGE_BYTES)).map(str::len), Ok(MAX_PAGE_BYTES));
        assert_eq!(text(&"x".repeat(MAX_PAGE_BYTES + 1)), Err(PageError::Long(65)));
        assert_eq!(text(" \n"), Err(PageError::Blank));
        assert_eq!(text("a\u{202e}b"), Err(PageError::Unshown));
        assert_eq!(title(" About us "), Ok("About us"));
        for wrong in ["", " ", "\u{200b}", "a\nb", &"x".repeat(81)] {
            assert_eq!(title(wrong), Err(PageError::Title), "{wrong:?}");
        }
    }
}
