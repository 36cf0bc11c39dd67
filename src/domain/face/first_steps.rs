//! What an admin does first in a new forum.

/// What is ticked off by hand, or with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum FirstStep {
    /// Which the forum cannot know of.
    Backup,
    /// After which nothing leads to the page of first steps.
    All,
}

impl FirstStep {
    pub fn parse(name: &str) -> Option<FirstStep> {
        match name {
            "backup" => Some(FirstStep::Backup),
            "all" => Some(FirstStep::All),
            _ => None,
        }
    }
}
