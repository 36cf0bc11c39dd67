//! Saving items and hiding stories.

use crate::domain::items::item::{ItemId, Kind};
use crate::web::actions::visible_item;
use crate::web::error::Error;
use crate::web::extract::session::CurrentMember;
use crate::web::state::App;

pub async fn save(app: &App, asking: &CurrentMember, id: ItemId, on: bool) -> Result<Kind, Error> {
    let item = visible_item(app, id, &asking.member).await?;
    app.store.save(asking.member.id, item.id, on, asking.viewer.now).await?;
    Ok(item.kind)
}

pub async fn hide(app: &App, asking: &CurrentMember, id: ItemId, on: bool) -> Result<(), Error> {
    let item = visible_item(app, id, &asking.member).await?;
    if !item.kind.is_root() {
        return Err(Error::bad("Only stories can be hidden; a comment can be folded."));
    }
    Ok(app.store.hide(asking.member.id, item.id, on, asking.viewer.now).await?)
}
