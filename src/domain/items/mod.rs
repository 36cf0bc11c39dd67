pub mod comment_order;
pub mod input;
pub mod item;
pub mod item_ref;
pub mod rank;
pub mod removal;
pub mod thread;
pub mod title;
