//! The orders in which a thread can be read.

/// The order of siblings in a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, sqlx::Type)]
#[sqlx(rename_all = "lowercase")]
pub enum CommentOrder {
    /// By votes, age and the order of an import: [`crate::domain::items::rank::Standing`].
    #[default]
    Best,
    Newest,
    Oldest,
    /// By the number of comments below, then as [`Order::Best`].
    Replies,
}

impl CommentOrder {
    pub const ALL: [CommentOrder; 4] =
        [CommentOrder::Best, CommentOrder::Newest, CommentOrder::Oldest, CommentOrder::Replies];

    /// The name in addresses and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            CommentOrder::Best => "best",
            CommentOrder::Newest => "newest",
            CommentOrder::Oldest => "oldest",
            CommentOrder::Replies => "replies",
        }
    }

    /// The name on the page.
    pub fn label(self) -> &'static str {
        match self {
            CommentOrder::Replies => "most replies",
            _ => self.as_str(),
        }
    }

    pub fn parse(s: &str) -> Option<CommentOrder> {
        CommentOrder::ALL.into_iter().find(|order| order.as_str() == s)
    }
}
