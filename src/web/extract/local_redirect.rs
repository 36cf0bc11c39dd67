//! Redirects within the site (prevents open redirects).

use std::fmt;

use axum::response::{IntoResponse, Redirect, Response};
use serde::{Deserialize, Deserializer};

use crate::domain::items::item::{ItemId, Kind};

/// Longest accepted path and query, in bytes.
pub const MAX_REDIRECT_BYTES: usize = 2_000;

/// A local path with optional query and fragment; anything else becomes `/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalRedirect(String);

impl LocalRedirect {
    pub fn new(asked: &str) -> LocalRedirect {
        let safe = asked.starts_with('/')
            && asked.len() <= MAX_REDIRECT_BYTES
            && !asked.starts_with("//")
            // Browsers treat a backslash as a slash and strip tabs and newlines.
            && !asked.contains('\\')
            && asked.bytes().all(|b| b.is_ascii_graphic());
        LocalRedirect(if safe { asked.to_owned() } else { "/".to_owned() })
    }

    /// An item's place in the thread of `root`.
    pub fn to_item(id: ItemId, root: ItemId) -> LocalRedirect {
        LocalRedirect(if id == root { format!("/item/{id}") } else { format!("/item/{root}#c{id}") })
    }

    pub fn to_inbox() -> LocalRedirect {
        LocalRedirect("/inbox".to_owned())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// With one more query parameter, whose value needs no escaping; unchanged if that would be too long.
    pub fn with(&self, name: &str, value: impl fmt::Display) -> LocalRedirect {
        let (page, fragment) = self.0.split_at(self.0.find('#').unwrap_or(self.0.len()));
        let joint = if page.contains('?') { '&' } else { '?' };
        let longer = format!("{page}{joint}{name}={value}{fragment}");
        if longer.len() <= MAX_REDIRECT_BYTES { LocalRedirect(longer) } else { self.clone() }
    }

    /// At the item's own row of a list, unless it leads to a place already. Pages of an item have no rows.
    pub fn at_row(&self, kind: Kind, id: ItemId) -> LocalRedirect {
        if self.0.contains('#') || self.path().starts_with("/item/") {
            return self.clone();
        }
        LocalRedirect(format!("{}#{}", self.0, row_anchor(kind, id)))
    }

    /// Without query and fragment.
    pub fn path(&self) -> &str {
        self.0.split(['?', '#']).next().unwrap_or("/")
    }

    pub fn redirect(&self) -> Response {
        Redirect::to(&self.0).into_response()
    }
}

/// The fragment of an item's row in lists and threads.
pub fn row_anchor(kind: Kind, id: ItemId) -> String {
    format!("{}{id}", if kind == Kind::Comment { "c" } else { "i" })
}

impl Default for LocalRedirect {
    fn default() -> LocalRedirect {
        LocalRedirect("/".to_owned())
    }
}

impl<'de> Deserialize<'de> for LocalRedirect {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<LocalRedirect, D::Error> {
        String::deserialize(deserializer).map(|asked| LocalRedirect::new(&asked))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_page_of_this_site_is_gone_to() {
        for good in ["/", "/item/1#c2", "/new?p=2", "/search?q=a%20b"] {
            assert_eq!(LocalRedirect::new(good).as_str(), good);
        }
        for bad in [
            "",
            "item/1",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            "/\t/evil.example",
            "/a\r\nSet-Cookie: a=b",
            "/ä",
        ] {
            assert_eq!(LocalRedirect::new(bad).as_str(), "/", "{bad:?}");
        }
        assert_eq!(LocalRedirect::new(&format!("/{}", "a".repeat(3_000))).as_str(), "/");
    }

    #[test]
    fn a_list_is_returned_to_at_the_row_of_what_was_pressed() {
        for (page, kind, there) in [
            ("/new?p=2", Kind::Story, "/new?p=2#i7"),
            ("/comments", Kind::Comment, "/comments#c7"),
            ("/item/7", Kind::Story, "/item/7"),
            ("/item/1#c2", Kind::Comment, "/item/1#c2"),
            ("/new#i2", Kind::Story, "/new#i2"),
        ] {
            assert_eq!(LocalRedirect::new(page).at_row(kind, ItemId(7)).as_str(), there);
        }
    }

    #[test]
    fn a_parameter_is_added_before_the_fragment() {
        for (page, longer) in
            [("/", "/?hid=1"), ("/best?over=all", "/best?over=all&hid=1"), ("/new#i2", "/new?hid=1#i2")]
        {
            assert_eq!(LocalRedirect::new(page).with("hid", 1).as_str(), longer);
        }
        let long = LocalRedirect::new(&format!("/{}", "a".repeat(MAX_REDIRECT_BYTES - 3)));
        assert_eq!(long.with("hid", 1), long);
    }
}
