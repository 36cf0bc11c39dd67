//! What the inbox tells members, and what they follow.

/// The id of a row of the inbox; ids are in the order in which rows were written.
pub type InboxId = i64;

/// Members that the text of one post tells at most; further mentions are links only.
pub const MAX_MENTIONS: usize = 10;
/// Threads and people that one member follows at most.
pub const MAX_FOLLOWS: i64 = 200;
/// Members who follow one thread or person at most, as each is told in the transaction that posts.
pub const MAX_FOLLOWERS: i64 = 1_000;

/// Why a member is told of a post, or `Notice`, which is about what moderation did. Of several reasons, the
/// first in this order is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum InboxKind {
    Reply,
    Mention,
    Thread,
    Person,
    Notice,
}

impl InboxKind {
    /// What the author of the post did, after their name.
    pub fn phrase(self) -> &'static str {
        match self {
            InboxKind::Reply => "replied to you",
            InboxKind::Mention => "mentioned you",
            InboxKind::Thread => "commented in a thread you follow",
            InboxKind::Person => "submitted a story; you follow them",
            InboxKind::Notice => "",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum FollowKind {
    Thread,
    Person,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FollowError {
    #[error(
        "You follow {MAX_FOLLOWS} threads and people, which is the limit. Unfollow some of them on your \
         list first."
    )]
    TooMany,
    #[error("{MAX_FOLLOWERS} members follow this, which is the limit. Save it instead, or look in again.")]
    TooManyFollowers,
    #[error("You cannot follow yourself.")]
    Yourself,
    #[error("Only whole threads can be followed. Follow the story that this comment is on.")]
    NoThread,
}
