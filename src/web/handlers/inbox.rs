//! The inbox: replies, mentions, what members follow, and moderation notifications.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use crate::domain::accounts::mutes::MuteScope;
use crate::domain::accounts::user::Member;
use crate::domain::inbox::InboxId;
use crate::domain::items::item::{Item, ItemId};
use crate::store::InboxRow;
use crate::web::error::Error;
use crate::web::extract::form::Form;
use crate::web::extract::local_redirect::LocalRedirect;
use crate::web::extract::path::Path;
use crate::web::extract::session::{CurrentMember, MaybeMember};
use crate::web::handlers::items::comments::{flat_in, roots_and_parents};
use crate::web::handlers::pages;
use crate::web::state::App;
use crate::web::view::inbox::{InboxBody, InboxEntry, InboxReader};
use crate::web::view::layout::{Page, html};
use crate::web::view::pagination::{EmptyState, PAGE_LIMIT, PAGE_SIZE, PageCursor, Tab, next_page};
use crate::web::view::unmuted::Unmuted;

#[derive(Template)]
#[template(path = "accounts/inbox.html")]
struct InboxPage<'a> {
    page: Page<'a>,
    choices: Vec<Tab>,
    entries: Vec<InboxEntry>,
    /// The newest row of the member's inbox if anything is unread.
    newest: Option<InboxId>,
    more: Option<String>,
    empty: EmptyState,
    /// Whether the forum has a contact to appeal to.
    reachable: bool,
}

#[derive(Debug, Deserialize)]
pub struct InboxQuery {
    show: Option<String>,
}

impl InboxQuery {
    fn is_unread(&self) -> bool {
        self.show.as_deref() == Some("unread")
    }

    fn address(&self) -> &'static str {
        if self.is_unread() { "/inbox?show=unread" } else { "/inbox" }
    }

    fn choices(&self) -> Vec<Tab> {
        let choice = |name: &str, href: &str| Tab {
            name: name.to_owned(),
            href: href.to_owned(),
            current: self.address() == href,
        };
        [("all", "/inbox"), ("unread", "/inbox?show=unread"), ("following", "/following")]
            .map(|(name, href)| choice(name, href))
            .into()
    }

    fn empty(&self) -> EmptyState {
        if self.is_unread() {
            return EmptyState::new("You have read everything.", "/inbox", "See the whole inbox");
        }
        EmptyState::new(
            "Nobody has answered you yet. Replies, posts that mention you, news from threads and \
             people you follow, and messages from moderators will appear here.",
            "/active",
            "See where people are talking",
        )
    }
}

/// `/inbox`
pub async fn show(
    State(app): State<App>,
    CurrentMember { viewer, member }: CurrentMember,
    (Query(asked), Query(after)): (Query<InboxQuery>, Query<PageCursor>),
) -> Result<Response, Error> {
    let (before, unread) = (after.newest_first(), asked.is_unread());
    let mut rows = app.store.inbox(member.id, unread, before, PAGE_LIMIT, viewer.now).await?;
    let key = |row: &InboxRow| [("at", row.created_at.0), ("before", row.id)];
    let more = next_page(&mut rows, PAGE_SIZE, asked.address(), key);
    // What was seen a moment ago is not yet written.
    rows.retain(|row| row.unread || !unread);
    let entries = entries(&app, &viewer, &member, &rows).await?;
    let is_adverse = entries.iter().any(InboxEntry::is_adverse);
    Ok(html(&InboxPage {
        page: Page::new(&app, &viewer, "inbox", "Inbox"),
        choices: asked.choices(),
        newest: viewer.unread.iter().map(|row| row.id).max(),
        entries,
        more,
        reachable: is_adverse && pages::is_reachable(&app, viewer.now).await?,
        empty: asked.empty().on(after.is_first(), asked.address()),
    }))
}

/// What the rows say, in their order; those that the member may not see, or has muted, are left out.
pub async fn entries(
    app: &App,
    viewer: &MaybeMember,
    member: &Member,
    rows: &[InboxRow],
) -> Result<Vec<InboxEntry>, Error> {
    let ids: Vec<ItemId> = rows.iter().filter_map(|row| row.item_id).collect();
    let posts = app.store.items(&ids).await?;
    let (stories, comments): (Vec<Item>, Vec<Item>) = posts.into_iter().partition(|item| item.kind.is_root());
    let stories = Unmuted::of(stories, viewer, MuteScope::Lists);
    let comments = app.unmuted_comments(comments, viewer, MuteScope::Lists).await?;
    let mut items = roots_and_parents(app, &comments).await?;
    let comments = flat_in(app, viewer, &comments, &items).await?;
    let ids: Vec<i64> = rows.iter().filter_map(|row| row.notification_id).collect();
    let notices = app.store.notifications(&ids).await?;
    let about: Vec<ItemId> = notices.iter().filter_map(|notice| notice.item_id).collect();
    let about = app.store.items(&about).await?;
    let merged_into: Vec<ItemId> = about.iter().filter_map(|item| item.merged_into).collect();
    let merged_into = app.store.items(&merged_into).await?;
    items.extend([about, merged_into].into_iter().flatten().map(|item| (item.id, item)));
    let stories = stories.iter().map(|item| (item.id, item.clone())).collect();
    let comments = comments.into_iter().map(|view| (view.id, view)).collect();
    let notices = notices.into_iter().map(|notice| (notice.id, notice)).collect();
    let mut reader = InboxReader { viewer, member, stories, items, comments, notices };
    Ok(rows.iter().filter_map(|row| reader.entry(row)).collect())
}

/// `/replies`, where the inbox was.
pub async fn moved() -> Response {
    Redirect::permanent("/inbox").into_response()
}

#[derive(Debug, Deserialize)]
pub struct ReadForm {
    #[serde(default = "LocalRedirect::to_inbox")]
    goto: LocalRedirect,
}

/// `POST /inbox/{id}/read`
pub async fn read(
    State(app): State<App>,
    asking: CurrentMember,
    Path(id): Path<InboxId>,
    Form(asked): Form<ReadForm>,
) -> Result<Response, Error> {
    app.store.mark_read(asking.member.id, id, asking.viewer.now).await?;
    Ok(asked.goto.redirect())
}

#[derive(Debug, Deserialize)]
pub struct ReadAllForm {
    /// The newest row that was there when the page was made.
    last: InboxId,
}

/// `POST /inbox/read`
pub async fn read_all(
    State(app): State<App>,
    asking: CurrentMember,
    Form(asked): Form<ReadAllForm>,
) -> Result<Response, Error> {
    app.store.mark_all_read(asking.member.id, asked.last, asking.viewer.now).await?;
    Ok(LocalRedirect::to_inbox().redirect())
}
