use std::collections::HashSet;

/// The length in bytes of a list marker at the start of `content`. Only a non-empty item, numbered 1 if it is
/// numbered, can interrupt a paragraph.
pub fn list_marker(content: &str, interrupts: bool) -> Option<usize> {
    let digits = content.bytes().take_while(u8::is_ascii_digit).count();
    let len = match content.as_bytes().get(digits)? {
        b'-' | b'*' | b'+' if digits == 0 => 1,
        b'.' | b')' if (1..=9).contains(&digits) => digits + 1,
        _ => return None,
    };
    let after = content.get(len..)?;
    let spaced = after.is_empty() || after.starts_with([' ', '\t']);
    let number_one = digits == 0 || content.get(..digits)?.parse() == Ok(1);
    (spaced && !(interrupts && (after.trim().is_empty() || !number_one))).then_some(len)
}

/// A thematic break: three or more `*`, `-` or `_`.
pub fn is_rule(content: &str) -> bool {
    let Some(mark @ ('*' | '-' | '_')) = content.chars().next() else {
        return false;
    };
    content.chars().all(|c| c == mark || matches!(c, ' ' | '\t')) && content.matches(mark).nth(2).is_some()
}

pub fn is_heading(content: &str) -> bool {
    let level = content.bytes().take_while(|b| *b == b'#').count();
    let after = content.as_bytes().get(level);
    (1..=6).contains(&level) && matches!(after, None | Some(b' ' | b'\t'))
}

pub fn fence(content: &str) -> Option<(char, usize)> {
    let mark = content.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let len = content.bytes().take_while(|b| char::from(*b) == mark).count();
    let info = content.get(len..)?;
    (len >= 3 && !(mark == '`' && info.contains('`'))).then_some((mark, len))
}

/// Whether `<` begins a tag, comment or declaration rather than an autolink.
pub fn opens_html(content: &str) -> bool {
    let Some(inner) = content.strip_prefix('<') else {
        return false;
    };
    let name = inner.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || "+.-_".contains(c));
    match inner.chars().next() {
        Some('/' | '!' | '?') => true,
        Some(c) if c.is_ascii_alphabetic() => !name.starts_with([':', '@']),
        _ => false,
    }
}

pub fn definition(content: &str) -> Option<&str> {
    let (label, after) = content.strip_prefix('[')?.split_once(']')?;
    after.starts_with(':').then_some(label)
}

pub fn folded(label: &str) -> String {
    label.trim().to_lowercase()
}

/// Labels in full references: `[text][label]` or `[label][]`.
pub fn used_labels(source: &str) -> HashSet<String> {
    let mut used = HashSet::new();
    for (at, _) in source.match_indices("][") {
        let after = source.get(at + 2..).unwrap_or_default();
        // A label has at most 999 characters; without a bound, many brackets take quadratic time.
        let end = after.char_indices().take(1000).find(|(_, c)| matches!(c, ']' | '\n'));
        match end.and_then(|(end, _)| after.get(..end)) {
            Some("") => {
                let before = source.get(..at).unwrap_or_default();
                let start = before.char_indices().rev().take(1000).find(|(_, c)| matches!(c, '[' | '\n'));
                let label = start.and_then(|(start, _)| before.get(start + 1..));
                used.extend(label.map(folded));
            }
            Some(label) => {
                used.insert(folded(label));
            }
            None => {}
        }
    }
    used
}
