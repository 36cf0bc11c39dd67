//! What members do, from the rules to the write: the one way for pages and for machines. Nothing here renders.

pub mod moderate;

use crate::domain::item::Item;
use crate::domain::user::Role;
use crate::web::error::Error;
use crate::web::state::App;

/// The role of an item's author, for whether a moderator may act on it.
pub async fn author_role(app: &App, item: &Item) -> Result<Role, Error> {
    match &item.author {
        Some(name) => Ok(app.store.profile(name).await?.role),
        None => Ok(Role::Member),
    }
}
