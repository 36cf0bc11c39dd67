//! The parts of a search: words, phrases and operators.

/// A part of what was typed.
pub enum Part<'a> {
    Quoted(&'a str),
    Bare(&'a str),
}

/// The next part, whether it is excluded, and what is after it.
pub fn next_part(typed: &str) -> Option<(Part<'_>, bool, &str)> {
    let typed = typed.trim_start();
    let positive = typed.strip_prefix('-').filter(|rest| rest.starts_with(|c: char| !c.is_whitespace()));
    let (rest, is_excluded) = (positive.unwrap_or(typed), positive.is_some());
    if rest.is_empty() {
        return None;
    }
    if let Some(quoted) = rest.strip_prefix('"') {
        let (text, after) = quoted.split_once('"').unwrap_or((quoted, ""));
        return Some((Part::Quoted(text), is_excluded, after));
    }
    // The value of an operator may be quoted.
    let mut end = rest.find(|c: char| c.is_whitespace() || c == '"').unwrap_or(rest.len());
    if rest.get(end..).is_some_and(|after| after.starts_with('"'))
        && rest.get(..end).is_some_and(|before| before.ends_with([':', '>']))
    {
        let value = end + 1;
        end = rest.get(value..).and_then(|after| after.find('"')).map_or(rest.len(), |at| value + at + 1);
    }
    let (text, after) = rest.split_at_checked(end)?;
    Some((Part::Bare(text), is_excluded, after))
}
