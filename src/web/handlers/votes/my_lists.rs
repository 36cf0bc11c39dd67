//! A member's private lists: saved, hidden, upvoted, flagged and vouched.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::{MethodRouter, get};

use crate::clock::Timestamp;
use crate::domain::accounts::user::Member;
use crate::domain::items::item::{Item, ItemId, Kind, Visibility, may_see};
use crate::store::OwnFlag;
use crate::web::error::Error;
use crate::web::extract::session::CurrentMember;
use crate::web::handlers::accounts::profile;
use crate::web::handlers::items::comments;
use crate::web::member_pages::list_rows::{StoryListHtml, in_order};
use crate::web::state::App;
use crate::web::view::items::TimeView;
use crate::web::view::layout::{Page, html};
use crate::web::view::pagination::{EmptyState, PAGE_LIMIT, PAGE_SIZE, PageQuery, Tab};
use crate::web::view::single_comment::SingleCommentView;
use crate::web::view::unmuted::Unmuted;

#[derive(Template)]
#[template(path = "votes/my_list.html")]
struct MyListPage<'a> {
    page: Page<'a>,
    choices: Vec<Tab>,
    stories: StoryListHtml,
    comments: Vec<SingleCommentView>,
    notes: Notes,
    /// Items that the member can no longer see.
    gone: Vec<UnavailableItem>,
    more: Option<String>,
    empty: EmptyState,
}

type Notes = HashMap<ItemId, String>;

struct UnavailableItem {
    id: ItemId,
    what: &'static str,
    note: String,
}

impl UnavailableItem {
    fn new(item: &Item, notes: &mut Notes) -> Option<UnavailableItem> {
        let what = if item.kind == Kind::Comment { "a comment" } else { "a story" };
        Some(UnavailableItem { id: item.id, what, note: notes.remove(&item.id)? })
    }
}

fn note(flag: &OwnFlag, now: Timestamp) -> (ItemId, String) {
    let said =
        format!("You flagged it{} {}.", flag.reason.after_flagged(), TimeView::new(flag.created_at, now).ago);
    let decided = flag.outcome.map_or_else(String::new, |outcome| format!(" {}", outcome.sentence()));
    (flag.item_id, said + &decided)
}

const NO_VOUCHES: &str = "You have not vouched for anything yet.";

#[derive(Clone, Copy)]
pub enum MyList {
    Saved,
    Hidden,
    Upvoted,
    Flagged,
    Vouched,
}

impl MyList {
    fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            MyList::Saved => ("/saved", "Saved", "You have not saved anything yet."),
            MyList::Hidden => ("/hidden", "Hidden", "You have not hidden anything."),
            MyList::Upvoted => ("/upvoted", "Upvoted", "You have not upvoted anything yet."),
            MyList::Flagged => ("/flagged", "Flagged", "You have not flagged anything yet."),
            MyList::Vouched => ("/vouched", "Vouched for", NO_VOUCHES),
        }
    }

    /// The text of an empty page; `is_new` if nothing was ever on the list.
    fn empty(self, is_new: bool, member: &Member) -> EmptyState {
        match (is_new, self, member.show_dead) {
            (true, MyList::Vouched, false) => EmptyState::new(
                format!(
                    "{NO_VOUCHES} Turn on “Show dead stories and comments” in your settings to find posts to \
                     vouch for."
                ),
                "/settings",
                "Go to the settings",
            ),
            (true, ..) => EmptyState::new(self.words().2, "/", "Go to the front page"),
            (false, _, true) => {
                EmptyState::new("Everything that was here has been deleted.", "/", "Go to the front page")
            }
            (false, _, false) => EmptyState::new(
                "Everything that was here is dead or has been deleted. Your settings can show you dead \
                 posts.",
                "/settings",
                "Go to the settings",
            ),
        }
    }

    async fn read(
        self,
        app: &App,
        reader: &CurrentMember,
        at: PageQuery,
    ) -> Result<(Vec<ItemId>, Notes), Error> {
        let (user, skip) = (reader.member.id, i64::try_from(at.skip()).unwrap_or(0));
        let mut notes = Notes::new();
        let ids = match self {
            MyList::Saved => app.store.saved(user, skip, PAGE_LIMIT).await?,
            MyList::Hidden => app.store.hidden(user, skip, PAGE_LIMIT).await?,
            MyList::Upvoted => app.store.upvoted(user, skip, PAGE_LIMIT).await?,
            MyList::Flagged => {
                let flags = app.store.flagged(user, skip, PAGE_LIMIT).await?;
                notes.extend(flags.iter().map(|flag| note(flag, reader.viewer.now)));
                flags.into_iter().map(|flag| flag.item_id).collect()
            }
            MyList::Vouched => app.store.vouched(user, skip, PAGE_LIMIT).await?,
        };
        Ok((ids, notes))
    }
}

async fn page(app: &App, reader: CurrentMember, which: MyList, at: PageQuery) -> Result<Response, Error> {
    let (path, title, _) = which.words();
    let (mut ids, mut notes) = which.read(app, &reader, at).await?;
    let CurrentMember { viewer, member } = reader;
    let more = (ids.len() > PAGE_SIZE).then(|| at.next(path));
    ids.truncate(PAGE_SIZE);
    let items = in_order(app.store.items(&ids).await?, &ids);
    let sight = |item: &Item| may_see(item, Some(&member), viewer.now);
    let hidden = items.iter().filter(|item| sight(item) == Visibility::Hidden);
    let gone: Vec<UnavailableItem> =
        hidden.filter_map(|item| UnavailableItem::new(item, &mut notes)).collect();
    let visible = items.iter().filter(|item| matches!(sight(item), Visibility::Whole | Visibility::Dead(_)));
    let (stories, others): (Vec<Item>, Vec<Item>) = visible.cloned().partition(|item| item.kind.is_root());
    let empty = which.empty(ids.is_empty(), &member);
    let (stories, others) = (Unmuted::all(stories), Unmuted::all(others));
    let page = Page::new(app, &viewer, "user", title);
    Ok(html(&MyListPage {
        choices: profile::tabs(&page, &member.name, true, path.trim_start_matches('/')),
        page,
        stories: app.row_writer(&viewer).write_with(&stories, &notes).await?,
        comments: comments::flat(app, &viewer, &others).await?,
        notes,
        gone,
        more,
        empty: if ids.is_empty() { empty.on(at.is_first(), path) } else { empty },
    }))
}

/// `/saved`, `/hidden`, `/upvoted`, `/flagged`, `/vouched`
pub fn list(which: MyList) -> MethodRouter<App> {
    get(move |State(app): State<App>, asking: CurrentMember, Query(at): Query<PageQuery>| async move {
        page(&app, asking, which, at).await
    })
}
