use std::fmt::{self, Display};

/// A number with its thousands separated: `1,808`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Grouped<N>(pub N);

impl<N: Display> Display for Grouped<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.0.to_string();
        let (sign, digits) = number.strip_prefix('-').map_or(("", &*number), |digits| ("-", digits));
        f.write_str(sign)?;
        for (at, digit) in digits.char_indices() {
            if at > 0 && (digits.len() - at) % 3 == 0 {
                f.write_str(",")?;
            }
            write!(f, "{digit}")?;
        }
        Ok(())
    }
}

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
        let number = Grouped(number);
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
    fn thousands_are_separated() {
        for (number, words) in [
            (0, "0"),
            (999, "999"),
            (1_808, "1,808"),
            (-4, "-4"),
            (-999, "-999"),
            (-1_000, "-1,000"),
            (12_345, "12,345"),
            (1_000_000, "1,000,000"),
            (i64::MIN, "-9,223,372,036,854,775,808"),
        ] {
            assert_eq!(Grouped(number).to_string(), words);
        }
        assert_eq!(counted(1_808, "point").to_string(), "1,808 points");
    }

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
