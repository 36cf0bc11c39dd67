#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum CommentOrder {
    /// See [`crate::domain::items::rank::BestKey`].
    #[default]
    Best,
    Newest,
    Oldest,
    /// By the number of descendants, then as [`CommentOrder::Best`].
    Replies,
}

impl CommentOrder {
    pub const ALL: [CommentOrder; 4] =
        [CommentOrder::Best, CommentOrder::Newest, CommentOrder::Oldest, CommentOrder::Replies];

    pub fn as_str(self) -> &'static str {
        match self {
            CommentOrder::Best => "best",
            CommentOrder::Newest => "newest",
            CommentOrder::Oldest => "oldest",
            CommentOrder::Replies => "replies",
        }
    }

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
