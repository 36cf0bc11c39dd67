//! Finds tables that expand to far more cells than typed: Markdown pads each row to the width of the first.

use std::collections::HashSet;

const CELL: usize = "<td></td>".len();
/// Maximum bytes of empty cells per byte of source, beside an allowance.
const GROWTH: usize = 4;
const SLACK: usize = 1024;

pub fn is_delimiter(content: &str) -> bool {
    content.chars().all(|c| matches!(c, '|' | '-' | ':' | ' ' | '\t'))
        && content.contains('|')
        && content.contains('-')
}

pub fn oversized(source: &str) -> HashSet<usize> {
    let mut found = HashSet::new();
    if !source.contains('|') {
        return found;
    }
    let lines: Vec<&str> = source.lines().collect();
    let (mut rows, mut bytes) = (0, 0);
    for (number, line) in lines.iter().enumerate().rev() {
        let content = line.trim_start_matches([' ', '\t', '>']);
        if content.is_empty() {
            (rows, bytes) = (0, 0);
            continue;
        }
        rows += 1;
        bytes += line.len() + 1;
        if is_delimiter(content) {
            let columns = content.trim_matches([' ', '\t']).trim_matches('|').split('|').count();
            let head =
                number.checked_sub(1).and_then(|number| lines.get(number)).map_or(0, |line| line.len());
            if rows * columns * CELL > GROWTH * (bytes + head) + SLACK {
                found.insert(number);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_oversized_where_its_cells_were_not_written() {
        let table = |columns: usize, rows: usize, row: &str| {
            format!(
                "x{}\n{}\n{}",
                "|x".repeat(columns - 1),
                "-|".repeat(columns),
                format!("{row}\n").repeat(rows)
            )
        };
        assert!(oversized(&table(3, 300, "1|2|3")).is_empty());
        assert!(oversized(&table(3, 3_000, "|1|2|3|")).is_empty());
        assert_eq!(oversized(&table(100, 100, "1")), HashSet::from([1]));
        assert_eq!(
            oversized(&format!("a\n\n> {}", table(100, 100, "> 1").replace("\n-", "\n> -"))),
            HashSet::from([3])
        );
        assert!(
            oversized(&format!("{}\n{}", table(10, 5, "1"), "a\n".repeat(1_000))).is_empty(),
            "it ends with a blank line"
        );
        assert_eq!(oversized(&format!("{}{}", table(10, 5, "1"), "a\n".repeat(1_000))), HashSet::from([1]));
    }
}
