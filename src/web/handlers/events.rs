//! `/events`: what is new, for the script of an open page.

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use http::header::RETRY_AFTER;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;

use crate::domain::items::item::{ItemId, may_see};
use crate::web::error::{Error, ForMachines};
use crate::web::extract::client_ip::ClientIp;
use crate::web::extract::session::{self, MaybeMember};
use crate::web::live::event_stream::EventStream;
use crate::web::live::topic::Topic;
use crate::web::state::App;

/// When a page may try again that found no free stream, in seconds.
const RETRY_WHEN_FULL: u64 = 60;

#[derive(Debug, Deserialize)]
pub struct EventsQuery {
    thread: Option<ItemId>,
    list: Option<String>,
    /// The cursor up to which the page has everything.
    after: Option<i64>,
}

impl EventsQuery {
    /// Fails if there is no such thread or list for this viewer.
    async fn topic(&self, app: &App, viewer: &MaybeMember) -> Result<Option<Topic>, Error> {
        if let Some(id) = self.thread {
            let root = app.store.item(id).await?;
            Error::unless_shown(may_see(&root, viewer.member(), viewer.now))?;
            return if root.kind.is_root() { Ok(Some(Topic::Thread(id))) } else { Err(Error::NotFound) };
        }
        let Some(list) = &self.list else { return Ok(None) };
        Topic::list(list).map(Some).ok_or(Error::NotFound)
    }
}

/// The event stream of a page: the comments of a thread or the stories of a list that it lacks, as ids, and
/// for members how much in their inbox is unread. 204 if there is nothing that the page could be told.
pub async fn open(
    State(app): State<App>,
    viewer: MaybeMember,
    from: ClientIp,
    Query(asked): Query<EventsQuery>,
    headers: HeaderMap,
) -> Response {
    let Ok(permit) = app.streams.admit(from.fair_key()) else {
        let wait = [(RETRY_AFTER, RETRY_WHEN_FULL.to_string())];
        return (StatusCode::SERVICE_UNAVAILABLE, wait, axum::Extension(ForMachines)).into_response();
    };
    let opened = async {
        let topic = asked.topic(&app, &viewer).await?;
        let member = viewer.id().zip(session::current(&app, &headers));
        if topic.is_none() && member.is_none() {
            return Ok(StatusCode::NO_CONTENT.into_response());
        }
        let topic = topic.map(|topic| {
            let known = last_event_id(&headers).or(asked.after);
            (topic, known.unwrap_or_else(|| topic.cursor_at(viewer.now)))
        });
        EventStream::open(&app, permit, topic, member).await.map(EventStream::response)
    };
    opened.await.unwrap_or_else(|error: Error| (axum::Extension(ForMachines), error).into_response())
}

/// The cursor of the last event that a browser has heard before it connects again.
fn last_event_id(headers: &HeaderMap) -> Option<i64> {
    headers.get("last-event-id")?.to_str().ok()?.parse().ok()
}
