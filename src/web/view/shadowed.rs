//! Adds a shadow-banned author's own posts to the lists they see.

use std::cmp::Reverse;

use crate::clock::Timestamp;
use crate::domain::accounts::user::UserId;
use crate::domain::items::item::{Item, ItemId};
use crate::web::cache::ranked_lists::{RankedList, Ranking};
use crate::web::error::Error;
use crate::web::extract::session::MaybeMember;
use crate::web::state::App;
use crate::web::view::pagination::PAGE_SIZE;

/// The viewer, if shadow-banned.
pub fn author(viewer: &MaybeMember) -> Option<UserId> {
    viewer.member().filter(|member| member.shadow_banned_at.is_some()).map(|member| member.id)
}

pub async fn ranked(app: &App, viewer: &MaybeMember, list: RankedList) -> Result<Ranking, Error> {
    match author(viewer) {
        Some(author) => {
            let theirs = app.store.shadowed_posts(author, None).await?;
            Ok(app.lists.with(list, (author, &theirs), &app.store, viewer.now).await?)
        }
        None => Ok(app.lists.get(list, &app.store, viewer.now).await?),
    }
}

/// Merges the viewer's own stories from a site into `found`, newest first.
pub async fn from_site(
    app: &App,
    viewer: &MaybeMember,
    found: Vec<Item>,
    site: &str,
    before: (Timestamp, ItemId),
) -> Result<Vec<Item>, Error> {
    let Some(author) = author(viewer) else { return Ok(found) };
    let theirs = app.store.shadowed_posts(author, Some(site)).await?;
    Ok(merged(
        found,
        theirs.into_iter().filter(|item| (item.time, item.id) < before),
        PAGE_SIZE.saturating_add(1),
    ))
}

fn merged(mut found: Vec<Item>, theirs: impl Iterator<Item = Item>, rows: usize) -> Vec<Item> {
    found.extend(theirs);
    found.sort_by_key(|item| Reverse((item.time, item.id)));
    found.truncate(rows);
    found
}
