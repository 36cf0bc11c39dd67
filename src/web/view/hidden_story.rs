//! The notice that a story was just hidden, with its undo.

use serde::Deserialize;

use crate::domain::items::item::{ItemId, Visibility, may_see};
use crate::web::error::Error;
use crate::web::extract::session::MaybeMember;
use crate::web::state::App;
use crate::web::view::list_pages::HIDDEN;

/// What the member hid on the way to a list, without the script.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub struct HiddenQuery {
    hid: Option<ItemId>,
}

pub struct HiddenStory {
    pub id: ItemId,
    pub title: String,
}

impl HiddenQuery {
    /// Anyone can craft this address, so only what the member has hidden is named. At most two queries.
    pub async fn story(self, app: &App, viewer: &MaybeMember) -> Result<Option<HiddenStory>, Error> {
        let (Some(id), Some(member)) = (self.hid, viewer.member()) else { return Ok(None) };
        if app.own.hidden(member.id, HIDDEN, &app.store).await?.binary_search(&id).is_err() {
            return Ok(None);
        }
        let item = app.store.item(id).await?;
        let sight = may_see(&item, Some(member), viewer.now);
        let title = item.title.filter(|_| matches!(sight, Visibility::Whole | Visibility::Dead(_)));
        Ok(title.map(|title| HiddenStory { id, title }))
    }
}
