use std::fmt::{self, Display};

#[derive(Debug, Clone, Copy)]
pub struct Counted<'a, N> {
    number: N,
    noun: &'a str,
}

/// `1 comment`, `0 replies`; takes the noun in the singular.
pub fn counted<N>(number: N, noun: &str) -> Counted<'_, N> {
    Counted { number, noun }
}

impl<N: Display + PartialEq + From<u8>> Display for Counted<'_, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Counted { number, noun } = self;
        if *number == N::from(1) {
            return write!(f, "{number} {noun}");
        }
        match noun.strip_suffix('y').filter(|stem| !stem.ends_with(['a', 'e', 'i', 'o', 'u'])) {
            Some(stem) => write!(f, "{number} {stem}ies"),
            None => write!(f, "{number} {noun}s"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_in_the_singular_and_all_else_in_the_plural() {
        for (number, noun, words) in [
            (0, "comment", "0 comments"),
            (1, "comment", "1 comment"),
            (2, "comment", "2 comments"),
            (-1, "point", "-1 points"),
            (1, "reply", "1 reply"),
            (2, "reply", "2 replies"),
            (3, "story", "3 stories"),
            (1, "day", "1 day"),
            (21, "day", "21 days"),
        ] {
            assert_eq!(counted(number, noun).to_string(), words);
        }
        assert_eq!(counted(1_usize, "post").to_string(), "1 post");
    }
}
