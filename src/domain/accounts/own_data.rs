//! What an account has of its own, as its owner can take it along. Fields are those of the archive's JSON.

use serde::Serialize;

use crate::clock::Timestamp;

/// Rows of each kind at most, the newest ones; an archive says whether it has all.
pub const MAX_ROWS: i64 = 20_000;

#[derive(Debug, Serialize, sqlx::FromRow)]
pub struct OwnProfile {
    pub name: String,
    pub role: String,
    pub karma: i64,
    pub created_at: Timestamp,
    /// Markdown source.
    pub about: String,
    pub theme: String,
    pub comment_order: String,
    pub show_dead: bool,
    pub invited_by: Option<String>,
    pub email: Option<String>,
    /// When replies and mentions are mailed.
    pub inbox_mail: Option<String>,
}

#[derive(Debug, Serialize, sqlx::FromRow)]
pub struct OwnPost {
    pub id: i64,
    pub kind: String,
    pub time: Timestamp,
    pub title: Option<String>,
    pub url: Option<String>,
    /// Markdown source.
    pub text: String,
    pub parent_id: Option<i64>,
    pub root_id: i64,
    /// The story of a comment.
    pub story: Option<String>,
    pub score: i64,
    pub deleted_at: Option<Timestamp>,
}

#[derive(Debug, Serialize, sqlx::FromRow)]
pub struct OwnVote {
    pub item_id: i64,
    /// 1 or -1.
    pub dir: i64,
    pub created_at: Timestamp,
}

/// Something that was saved, hidden or vouched for.
#[derive(Debug, Serialize, sqlx::FromRow)]
pub struct MarkedItem {
    pub item_id: i64,
    pub created_at: Timestamp,
}

#[derive(Debug, Serialize, sqlx::FromRow)]
pub struct CastFlag {
    pub item_id: i64,
    pub reason: String,
    pub note: String,
    pub created_at: Timestamp,
}

/// Whom or what the member follows or mutes.
#[derive(Debug, Serialize, sqlx::FromRow)]
pub struct Choice {
    pub kind: String,
    pub value: String,
    pub created_at: Timestamp,
}

#[derive(Debug, Serialize, sqlx::FromRow)]
pub struct InboxEntryRow {
    pub kind: String,
    pub item_id: Option<i64>,
    pub created_at: Timestamp,
    pub read_at: Option<Timestamp>,
}

/// A notice of moderation or about the account.
#[derive(Debug, Serialize)]
pub struct OwnNotice {
    pub created_at: Timestamp,
    pub item_id: Option<i64>,
    pub sentence: String,
}

#[derive(Debug, Serialize, sqlx::FromRow)]
pub struct OwnSession {
    pub created_at: Timestamp,
    pub last_used_at: Timestamp,
    pub expires_at: Timestamp,
    /// What the browser calls itself.
    pub agent: String,
}

/// Without its key.
#[derive(Debug, Serialize, sqlx::FromRow)]
pub struct OwnPasskey {
    pub name: String,
    pub created_at: Timestamp,
    pub last_used_at: Option<Timestamp>,
}

#[derive(Debug, Serialize, sqlx::FromRow)]
pub struct OwnInvitation {
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    pub used_by: Option<String>,
    pub revoked_at: Option<Timestamp>,
}

/// A post before an edit or its deletion.
#[derive(Debug, Serialize, sqlx::FromRow)]
pub struct OwnRevision {
    pub item_id: i64,
    pub created_at: Timestamp,
    pub title: Option<String>,
    pub url: Option<String>,
    pub text: String,
}

/// A message of a conversation with the moderators.
#[derive(Debug, Serialize, sqlx::FromRow)]
pub struct OwnMessage {
    /// contact, appeal or report.
    pub conversation: String,
    /// The number of the conversation.
    pub number: String,
    pub by_moderator: bool,
    pub kind: String,
    /// Markdown source.
    pub text: String,
    pub created_at: Timestamp,
}

#[derive(Debug, Serialize, sqlx::FromRow)]
pub struct FormerName {
    pub name: String,
    pub held_at: Timestamp,
}

#[derive(Debug, Serialize)]
pub struct OwnData {
    pub profile: OwnProfile,
    pub former_names: Vec<FormerName>,
    pub posts: Vec<OwnPost>,
    pub revisions: Vec<OwnRevision>,
    pub votes: Vec<OwnVote>,
    pub saved: Vec<MarkedItem>,
    pub hidden: Vec<MarkedItem>,
    pub vouches: Vec<MarkedItem>,
    pub flags: Vec<CastFlag>,
    pub follows: Vec<Choice>,
    pub mutes: Vec<Choice>,
    pub inbox: Vec<InboxEntryRow>,
    pub notices: Vec<OwnNotice>,
    pub sessions: Vec<OwnSession>,
    pub passkeys: Vec<OwnPasskey>,
    pub invitations: Vec<OwnInvitation>,
    pub messages: Vec<OwnMessage>,
}

impl OwnData {
    /// Whether a list ends where the archive's bound is, so that older rows may be missing.
    pub fn is_cut(&self) -> bool {
        let comments = self.posts.iter().filter(|post| post.kind == "comment").count();
        let lengths = [
            comments,
            self.posts.len().saturating_sub(comments),
            self.revisions.len(),
            self.votes.len(),
            self.saved.len(),
            self.hidden.len(),
            self.vouches.len(),
            self.flags.len(),
            self.inbox.len(),
        ];
        let most = usize::try_from(MAX_ROWS).unwrap_or(usize::MAX);
        lengths.into_iter().any(|length| length >= most)
    }
}
