//! Earlier discussions of a story's address.

use std::collections::HashMap;

use crate::domain::accounts::mutes::MuteScope;
use crate::domain::items::item::{Item, ItemId, Visibility};
use crate::domain::text::plural::Grouped;
use crate::web::error::Error;
use crate::web::state::App;
use crate::web::view::items::{EarlierDiscussion, TimeView, ViewContext};
use crate::web::view::unmuted::Unmuted;
use crate::web::viewer::MaybeMember;

pub async fn load(
    app: &App,
    viewer: &MaybeMember,
    root: &Item,
    eye: &ViewContext<'_>,
) -> Result<Vec<EarlierDiscussion>, Error> {
    // Other discussions of a URL would reveal the URL of a dead or deleted story.
    let shown = matches!(eye.sees(root), Visibility::Whole | Visibility::Dead(_));
    if root.url.is_none() || !shown {
        return Ok(Vec::new());
    }
    let earlier = app.threads.earlier(root.id, &app.store).await?;
    let earlier = Unmuted::of(earlier.iter().collect(), viewer, MuteScope::Lists);
    let ids: Vec<ItemId> = earlier.iter().map(|other| other.id).collect();
    let own_shadowed_comments = match viewer.member() {
        Some(member) => app.store.marks(member.id, &ids).await?.own_shadowed_comments,
        None => HashMap::new(),
    };
    let comments = |other: &Item| {
        other.descendants.saturating_add(own_shadowed_comments.get(&other.id).copied().unwrap_or(0))
    };
    let view = |other: &&Item| EarlierDiscussion {
        id: other.id,
        when: TimeView::new(other.time, viewer.now),
        comments: Grouped(comments(other)),
    };
    Ok(earlier.iter().map(view).collect())
}
