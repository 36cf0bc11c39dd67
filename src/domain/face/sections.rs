use std::str::FromStr;

/// The front page, which is always the first.
pub const TOP: (&str, &str) = ("top", "/");

/// The other sections that the header may have, with their addresses.
const SECTIONS: [(&str, &str); 7] = [
    ("new", "/new"),
    ("best", "/best"),
    ("active", "/active"),
    ("ask", "/ask"),
    ("show", "/show"),
    ("past", "/past"),
    ("comments", "/comments"),
];

/// Sections after the front page, in their order in the header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderSections(pub Vec<(&'static str, &'static str)>);

impl Default for HeaderSections {
    fn default() -> HeaderSections {
        HeaderSections(SECTIONS.into())
    }
}

impl FromStr for HeaderSections {
    type Err = String;

    fn from_str(text: &str) -> Result<HeaderSections, String> {
        let mut sections = Vec::new();
        for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            let Some(section) = SECTIONS.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name))
            else {
                let all = SECTIONS.map(|(known, _)| known).join(", ");
                return Err(format!("must be some of {all}, separated by commas; “{name}” is none of them"));
            };
            if sections.contains(&section) {
                return Err(format!("must name each section once, and has “{name}” twice"));
            }
            sections.push(section);
        }
        Ok(HeaderSections(sections))
    }
}

impl HeaderSections {
    pub fn text(&self) -> String {
        self.0.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_known_names_in_any_order() {
        let read = |text: &str| text.parse::<HeaderSections>().map(|sections| sections.text());
        assert_eq!(read(" best,New ,"), Ok("best, new".to_owned()));
        assert_eq!(read(""), Ok(String::new()));
        assert_eq!(read(&HeaderSections::default().text()), Ok(HeaderSections::default().text()));
        assert!(read("new, hot").is_err_and(|wrong| wrong.contains("“hot” is none of them")));
        assert!(read("top").is_err());
        assert!(read("new, NEW").is_err_and(|wrong| wrong.ends_with("“NEW” twice")));
    }
}
