//! Authors deleting their own items.

use crate::domain::items::item::{Item, ItemId, may_see};
use crate::web::error::Error;
use crate::web::extract::session::CurrentMember;
use crate::web::state::App;

pub async fn deletable(app: &App, asking: &CurrentMember, id: ItemId) -> Result<Item, Error> {
    let item = app.store.item(id).await?;
    Error::unless_shown(may_see(&item, Some(&asking.member), asking.viewer.now))?;
    item.may_delete(&asking.member).map_err(Error::forbidden)?;
    Ok(item)
}

pub async fn delete(app: &App, asking: &CurrentMember, id: ItemId) -> Result<Item, Error> {
    let item = deletable(app, asking, id).await?;
    app.store.delete(id, asking.member.id, asking.viewer.now).await?;
    Ok(item)
}
