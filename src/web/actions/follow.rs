//! Following threads and people.

use crate::domain::inbox::{FollowError, FollowKind};
use crate::domain::items::item::ItemId;
use crate::web::actions::visible_item;
use crate::web::error::Error;
use crate::web::extract::session::CurrentMember;
use crate::web::state::App;

pub async fn thread(app: &App, asking: &CurrentMember, id: ItemId, on: bool) -> Result<(), Error> {
    if !on {
        return Ok(app.store.unfollow(asking.member.id, FollowKind::Thread, id.0).await?);
    }
    let item = visible_item(app, id, &asking.member).await?;
    if !item.kind.is_root() {
        return Err(Error::bad(FollowError::NoThread));
    }
    Ok(app.store.follow(asking.member.id, FollowKind::Thread, item.id.0, asking.viewer.now).await?)
}

pub async fn user(app: &App, asking: &CurrentMember, name: &str, on: bool) -> Result<(), Error> {
    let person = app.store.profile(name).await?.id;
    if !on {
        return Ok(app.store.unfollow(asking.member.id, FollowKind::Person, person.0).await?);
    }
    if person == asking.member.id {
        return Err(Error::bad(FollowError::Yourself));
    }
    Ok(app.store.follow(asking.member.id, FollowKind::Person, person.0, asking.viewer.now).await?)
}
