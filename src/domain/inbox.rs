//! What the inbox tells members, and what they follow.

/// The id of a row of the inbox; ids are in the order in which rows were written.
pub type InboxId = i64;

/// Members that the text of one post tells at most; further mentions are links only.
pub const MAX_MENTIONS: usize = 10;
/// Threads and people that one member follows at most.
pub const MAX_FOLLOWS: i64 = 200;
/// Searches that one member follows at most.
pub const MAX_SEARCHES: i64 = 20;
/// Characters of a search that is followed.
pub const MAX_SEARCH_CHARS: usize = 300;
/// Members who follow one thread, person or search at most, as each is told in the transaction that posts.
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
    Search,
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
            InboxKind::Search => "posted a result of a search you follow",
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
        "You follow {MAX_FOLLOWS} threads and people, which is the limit. Unfollow some of them in your \
         inbox, under “following”, first."
    )]
    TooMany,
    #[error("{MAX_FOLLOWERS} members follow this, which is the limit. Save it instead, or look in again.")]
    TooManyFollowers,
    #[error(
        "You follow {MAX_SEARCHES} searches, which is the limit. Unfollow some of them in your \
         inbox, under “following”, first."
    )]
    TooManySearches,
    #[error("Type what to search for first.")]
    EmptySearch,
    #[error("A search that you follow can have {MAX_SEARCH_CHARS} characters. Shorten it.")]
    LongSearch,
    #[error("You cannot follow yourself.")]
    Yourself,
    #[error("Only whole threads can be followed. Follow the story that this comment is on.")]
    NoThread,
}
