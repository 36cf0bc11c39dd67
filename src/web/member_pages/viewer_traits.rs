//! The part of a member's state that shared HTML depends on; used as a cache key.

use crate::clock::Timestamp;
use crate::domain::accounts::user::{Member, Role, Theme, UserId};
use crate::domain::items::comment_order::CommentOrder;
use crate::domain::limits::policy::Policy;
use crate::domain::votes::flag::has_karma_to_flag;
use crate::domain::votes::vote::may_vote_down;

/// Everything that the view of an item depends on, for a member who has no part in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ViewerTraits {
    role: Role,
    votes_down: bool,
    flags: bool,
    show_dead: bool,
}

impl ViewerTraits {
    pub fn of(member: &Member, policy: &Policy) -> ViewerTraits {
        ViewerTraits {
            role: member.role,
            votes_down: may_vote_down(member, policy),
            flags: has_karma_to_flag(member, policy),
            show_dead: member.show_dead,
        }
    }

    /// Karma that is enough for what these viewers may do, and for no more.
    fn karma(self, policy: &Policy) -> i64 {
        let (downvote, flag) = (policy.min_karma_to_downvote, policy.min_karma_to_flag);
        match (self.votes_down, self.flags) {
            (true, true) => downvote.max(flag),
            (true, false) => downvote,
            (false, true) => flag,
            (false, false) => downvote.min(flag).saturating_sub(1),
        }
    }

    /// A member with these traits and no actions of their own.
    pub fn anybody(self, policy: &Policy) -> Member {
        Member {
            id: UserId(-1),
            name: String::new(),
            role: self.role,
            karma: self.karma(policy),
            created_at: Timestamp(0),
            limited_until: None,
            shadow_banned_at: None,
            show_dead: self.show_dead,
            passkeys_only: false,
            theme: Theme::default(),
            comment_order: CommentOrder::default(),
        }
    }
}
