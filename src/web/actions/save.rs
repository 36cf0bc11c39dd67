//! Saving an item, and hiding a story.

use crate::domain::items::item::ItemId;
use crate::web::actions::visible_item;
use crate::web::error::Error;
use crate::web::extract::session::CurrentMember;
use crate::web::state::App;

/// Saves an item, or with `on` unset takes it off the list.
pub async fn save(app: &App, asking: &CurrentMember, id: ItemId, on: bool) -> Result<(), Error> {
    let item = visible_item(app, id, &asking.member).await?;
    Ok(app.store.save(asking.member.id, item.id, on, asking.viewer.now).await?)
}

/// Hides a story, or with `on` unset shows it again.
pub async fn hide(app: &App, asking: &CurrentMember, id: ItemId, on: bool) -> Result<(), Error> {
    let item = visible_item(app, id, &asking.member).await?;
    if !item.kind.is_root() {
        return Err(Error::bad("Only stories can be hidden; a comment can be collapsed."));
    }
    Ok(app.store.hide(asking.member.id, item.id, on, asking.viewer.now).await?)
}
