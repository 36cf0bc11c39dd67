//! The part of a member's state that shared HTML depends on; used as a cache key.

use crate::clock::Timestamp;
use crate::domain::accounts::user::{Member, Role, Theme, UserId};
use crate::domain::items::comment_order::CommentOrder;
use crate::domain::limits::policy::Policy;
use crate::domain::votes::vote::may_vote_down;

/// Everything that the view of an item depends on, for a member who has no part in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ViewerTraits {
    role: Role,
    votes_down: bool,
    show_dead: bool,
}

impl ViewerTraits {
    pub fn of(member: &Member, policy: &Policy) -> ViewerTraits {
        ViewerTraits {
            role: member.role,
            votes_down: may_vote_down(member, policy),
            show_dead: member.show_dead,
        }
    }

    /// A member with these traits and no actions of their own.
    pub fn anybody(self, policy: &Policy) -> Member {
        Member {
            id: UserId(-1),
            name: String::new(),
            role: self.role,
            karma: if self.votes_down {
                policy.min_karma_to_downvote
            } else {
                policy.min_karma_to_downvote.saturating_sub(1)
            },
            created_at: Timestamp(0),
            limited_until: None,
            shadow_banned_at: None,
            show_dead: self.show_dead,
            theme: Theme::default(),
            comment_order: CommentOrder::default(),
        }
    }
}
