//! The orders in which a thread can be read.

/// The order of siblings in a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, sqlx::Type)]
#[sqlx(rename_all = "lowercase")]
pub enum Order {
    /// By votes, age and the order of an import: [`crate::domain::rank::Standing`].
    #[default]
    Best,
    Newest,
    Oldest,
    /// By the number of comments below, then as [`Order::Best`].
    Replies,
}

impl Order {
    pub const ALL: [Order; 4] = [Order::Best, Order::Newest, Order::Oldest, Order::Replies];

    /// The name in addresses and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Order::Best => "best",
            Order::Newest => "newest",
            Order::Oldest => "oldest",
            Order::Replies => "replies",
        }
    }

    /// The name on the page.
    pub fn label(self) -> &'static str {
        match self {
            Order::Replies => "most replies",
            _ => self.as_str(),
        }
    }

    pub fn parse(s: &str) -> Option<Order> {
        Order::ALL.into_iter().find(|order| order.as_str() == s)
    }
}
