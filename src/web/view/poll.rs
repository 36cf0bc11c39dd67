//! The options of a poll.

use std::sync::Arc;

use crate::domain::items::item::{Item, ItemId};
use crate::domain::text::plural::Grouped;
use crate::domain::text::{self, Html};
use crate::web::view::items::{ViewContext, VoteButtons};

pub struct OptionView {
    pub id: ItemId,
    pub text: String,
    pub html: Arc<Html>,
    pub points: Grouped<i64>,
    pub votes: VoteButtons,
}

impl OptionView {
    pub fn new(item: &Item, eye: &ViewContext<'_>) -> OptionView {
        OptionView {
            id: item.id,
            text: text::excerpt(&item.text, 60),
            html: eye.html(item),
            points: Grouped(eye.score(item)),
            votes: eye.votes(item, None),
        }
    }
}
