//! Following threads, people and searches.

use std::sync::Arc;

use crate::domain::inbox::{FollowError, FollowKind, MAX_SEARCH_CHARS};
use crate::domain::items::item::{Item, ItemId};
use crate::domain::search::ParsedSearch;
use crate::search::IndexState;
use crate::web::actions::search::{SearchCursor, SearchOrder, SearchRequest, SearchViewer};
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

/// A search without needless blanks and without what cannot be seen, as it is followed.
pub fn followed_query(typed: &str) -> String {
    let words = typed.split(|c: char| c.is_whitespace() || c.is_control());
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

pub async fn search(app: &App, asking: &CurrentMember, typed: &str, on: bool) -> Result<(), Error> {
    let query = followed_query(typed);
    if !on {
        return Ok(app.store.unfollow_search(asking.member.id, &query).await?);
    }
    if ParsedSearch::parse(&query).is_empty() {
        return Err(Error::bad(FollowError::EmptySearch));
    }
    if query.chars().count() > MAX_SEARCH_CHARS {
        return Err(Error::bad(FollowError::LongSearch));
    }
    Ok(app.store.follow_search(asking.member.id, &query, asking.viewer.now).await?)
}

impl App {
    /// The newest results of a search that everybody sees; what a member has muted, their inbox leaves out.
    /// `None` while the index is being built, or if the search failed, which is logged.
    pub async fn newest_results(&self, typed: &str, rows: usize) -> Option<Vec<Item>> {
        let (mutes, now) = (Arc::default(), self.clock.now());
        let viewer = SearchViewer { member: None, mutes: &mutes, address: None, now };
        let (order, from, is_counted) = (SearchOrder::Date, SearchCursor::FIRST, false);
        match self.search(SearchRequest { typed, order, from, rows, is_counted }, viewer).await {
            Ok(found) => (found.state == IndexState::Ready).then_some(found.items),
            Err(error) => {
                tracing::warn!(?error, "a search that somebody follows failed");
                None
            }
        }
    }
}
