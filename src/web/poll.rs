//! The options of a poll, as its page shows them.

use std::sync::Arc;

use crate::domain::item::{Item, ItemId};
use crate::domain::text::{self, Html};
use crate::web::view::{Eye, Votes};

/// An option of a poll.
pub struct OptionView {
    pub id: ItemId,
    pub text: String,
    pub html: Arc<Html>,
    pub points: i64,
    pub votes: Votes,
}

impl OptionView {
    pub fn new(item: &Item, eye: &Eye<'_>) -> OptionView {
        OptionView {
            id: item.id,
            text: text::excerpt(&item.text, 60),
            html: eye.html(item),
            points: eye.score(item),
            votes: eye.votes(item, None),
        }
    }
}
