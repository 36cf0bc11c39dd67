//! Member actions, from rate limit to write, shared by HTML and JSON handlers. Nothing here renders.

pub mod comment;
pub mod content_rules;
pub mod delete;
pub mod edit;
pub mod flag;
pub mod moderate;
pub mod save;
pub mod submit;
pub mod vote;

use axum::extract::FromRequestParts;
use http::request::Parts;

use crate::clock::Timestamp;
use crate::domain::accounts::ip_hash::IpHashes;
use crate::domain::accounts::user::{Member, Role};
use crate::domain::items::item::{Item, ItemId, may_see};
use crate::domain::limits::policy::Policy;
use crate::web::error::Error;
use crate::web::extract::client_ip::ClientIp;
use crate::web::extract::session::CurrentMember;
use crate::web::state::App;

/// The acting member and their address, for rate limits and vote counting.
pub struct PostContext {
    pub asking: CurrentMember,
    pub client_ip: ClientIp,
    pub ip_hashes: IpHashes,
}

impl PostContext {
    pub fn member(&self) -> &Member {
        &self.asking.member
    }

    pub fn policy(&self) -> &Policy {
        &self.asking.viewer.settings.policy
    }

    pub fn now(&self) -> Timestamp {
        self.asking.viewer.now
    }
}

impl FromRequestParts<App> for PostContext {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<PostContext, Error> {
        let asking = CurrentMember::from_request_parts(parts, app).await?;
        let Ok(client_ip) = ClientIp::from_request_parts(parts, app).await;
        let Ok(ip_hashes) = IpHashes::from_request_parts(parts, app).await;
        Ok(PostContext { asking, client_ip, ip_hashes })
    }
}

pub async fn visible_item(app: &App, id: ItemId, member: &Member) -> Result<Item, Error> {
    let item = app.store.item(id).await?;
    Error::unless_shown(may_see(&item, Some(member), app.clock.now()))?;
    Ok(item)
}

pub async fn author_role(app: &App, item: &Item) -> Result<Role, Error> {
    match &item.author {
        Some(name) => Ok(app.store.profile(name).await?.role),
        None => Ok(Role::Member),
    }
}
