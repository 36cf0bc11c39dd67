//! What the markup of a comment asks about it.

use crate::domain::accounts::mutes::MuteKind;
use crate::domain::items::thread::DEEP;
use crate::web::view::items::CommentView;

/// What a folded comment says instead of its author and its text.
pub fn muted_by(kind: MuteKind) -> &'static str {
    if kind == MuteKind::Person { "by a person you muted" } else { "with a word you muted" }
}

impl CommentView {
    pub fn name(&self) -> &str {
        self.author.as_ref().map_or("nobody", |author| author.name.as_str())
    }

    pub fn what(&self) -> String {
        format!("the comment by {}", self.name())
    }

    pub fn is_deep(&self) -> bool {
        self.depth >= DEEP
    }

    /// The level of its heading; those of the page and of the thread are above it. Screen readers know nine.
    pub fn level(&self) -> usize {
        self.depth.saturating_add(3).min(9)
    }

    /// Of its element, whose name goes to six.
    pub fn heading(&self) -> usize {
        self.level().min(6)
    }

    /// Whether there is anything behind its “more”.
    pub fn has_more(&self) -> bool {
        let ways = [self.parent, self.prev, self.next];
        let acts = [self.may_edit, self.may_delete, self.may_flag, self.may_moderate];
        ways.iter().any(Option::is_some) || acts.contains(&true)
    }
}
