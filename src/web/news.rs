//! The lists of stories.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use crate::domain::age;
use crate::domain::day::Day;
use crate::domain::item::{Item, ItemId};
use crate::domain::title::Section;
use crate::domain::url;
use crate::domain::user::Role;
use crate::store::{self, Dead, Marks, Page as Cursor};
use crate::web::desk::SiteDesk;
use crate::web::error::Error;
use crate::web::lists::{At, Over, Ranked};
use crate::web::page::{Page, html};
use crate::web::path::Path;
use crate::web::ranked::{Numbered, Slice};
use crate::web::rows::Stories;
use crate::web::session::MaybeMember;
use crate::web::shadowed;
use crate::web::state::App;

/// Rows of a list.
pub const ROWS: usize = 30;
/// The same for the store.
pub const ROWS_I64: i64 = 30;

/// How many of the stories that a member hid last are left out of the ranked lists.
pub const HIDDEN: i64 = 1_000;

/// A link above a list that narrows it.
pub struct Choice {
    pub name: String,
    pub href: String,
    pub current: bool,
}

/// What an empty list says, and where to go from there.
pub struct Empty {
    pub what: String,
    pub href: &'static str,
    pub next: &'static str,
}

impl Empty {
    pub fn new(what: impl Into<String>, href: &'static str, next: &'static str) -> Empty {
        Empty { what: what.into(), href, next }
    }

    /// The same list on page `at`, which may lie past its end.
    pub fn on(self, at: Numbered) -> Empty {
        if at.skip() == 0 { self } else { Empty::new("The list ends before this page.", "/", "Go to the front page") }
    }
}

#[derive(Template)]
#[template(path = "news.html")]
pub struct NewsPage<'a> {
    pub page: Page<'a>,
    pub intro: Option<String>,
    pub choices: Vec<Choice>,
    pub stories: Stories,
    pub first_rank: usize,
    pub more: Option<String>,
    pub empty: Empty,
    /// What moderators hold of the site whose stories these are.
    pub site: Option<SiteDesk>,
    /// The empty site's own words, on the front page only.
    pub welcome: bool,
}

/// One page of a list: its stories and where it goes on.
pub struct Rows {
    pub stories: Stories,
    pub first_rank: usize,
    pub more: Option<String>,
}

/// The rows of the page of a ranked list that was asked for.
async fn ranked(app: &App, viewer: &MaybeMember, list: Ranked, base: &str, at: Numbered) -> Result<Rows, Error> {
    let Slice { ids, first_rank, more } = app.ranked(viewer, list, base, at).await?;
    let items = app.rows.stories(&ids, viewer, app).await?;
    Ok(Rows { stories: app.rows.write(&items, viewer, app).await?, first_rank, more })
}

/// Items in the order of their ids in `ids`; those not found are left out.
pub fn in_order(items: Vec<Item>, ids: &[ItemId]) -> Vec<Item> {
    let mut found: HashMap<ItemId, Item> = items.into_iter().map(|item| (item.id, item)).collect();
    ids.iter().filter_map(|id| found.remove(id)).collect()
}

/// What the viewer has done with the rows of the list that they look at.
pub async fn marks<T: Borrow<Item>>(app: &App, viewer: &MaybeMember, items: &[T]) -> Result<Arc<Marks>, Error> {
    match viewer.member() {
        Some(member) => {
            let ids: Vec<ItemId> = items.iter().map(|item| item.borrow().id).collect();
            Ok(app.own.in_list(member.id, &viewer.here, &ids, &app.store).await?)
        }
        None => Ok(Arc::default()),
    }
}

/// Which dead items a newest-first list shows this viewer.
pub fn dead_for(viewer: &MaybeMember) -> Dead {
    match viewer.member() {
        Some(member) if member.show_dead || member.role >= Role::Moderator => Dead::All,
        Some(member) if member.shadowed_at.is_some() => Dead::Own(member.id),
        _ => Dead::No,
    }
}

fn answer<'a>(page: Page<'a>, rows: Rows, empty: Empty) -> NewsPage<'a> {
    let Rows { stories, first_rank, more } = rows;
    NewsPage { page, intro: None, choices: Vec::new(), stories, first_rank, more, empty, site: None, welcome: false }
}

/// `/`
pub async fn top(State(app): State<App>, viewer: MaybeMember, Query(at): Query<Numbered>) -> Result<Response, Error> {
    let rows = ranked(&app, &viewer, Ranked::Top, "/", at).await?;
    let page = Page::new(&app, &viewer, "top", "Top stories").described(app.settings().tagline.clone());
    let page = at.on(page);
    let empty = Empty::new("No stories yet: this forum has just been opened.", "/submit", "Submit the first story");
    let welcome = rows.stories.is_empty() && at.skip() == 0;
    Ok(html(&NewsPage { welcome, ..answer(page, rows, empty.on(at)) }))
}

#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Before {
    pub before: Option<ItemId>,
}

impl Before {
    /// Where the list goes on: after the item named, by its time; from the top where it is not there.
    pub async fn cursor(self, app: &App) -> Result<Cursor, Error> {
        let rows = ROWS_I64.saturating_add(1);
        Ok(match self.before {
            Some(id) => match app.store.item(id).await {
                Ok(item) => Cursor { before: (item.time, id), rows },
                Err(store::Error::NotFound) => Cursor::first(rows),
                Err(error) => return Err(error.into()),
            },
            None => Cursor::first(rows),
        })
    }
}

/// Cuts the row too many off, and says from it where the next page begins.
pub fn page_of(mut items: Vec<Item>, base: &str) -> (Vec<Item>, Option<String>) {
    let full = items.len() > ROWS;
    items.truncate(ROWS);
    let joint = if base.contains('?') { '&' } else { '?' };
    let more = items.last().filter(|_| full).map(|last| format!("{base}{joint}before={}", last.id));
    (items, more)
}

async fn newest_rows(app: &App, viewer: &MaybeMember, items: Vec<Item>, base: &str) -> Result<Rows, Error> {
    let (items, more) = page_of(items, base);
    Ok(Rows { stories: app.rows.write(&items, viewer, app).await?, first_rank: 1, more })
}

/// `/new`
pub async fn newest(State(app): State<App>, viewer: MaybeMember, Query(at): Query<Before>) -> Result<Response, Error> {
    let items = app.store.newest(dead_for(&viewer), viewer.id(), at.cursor(&app).await?).await?;
    let rows = newest_rows(&app, &viewer, items, "/new").await?;
    let page = Page::new(&app, &viewer, "new", "New stories");
    Ok(html(&answer(page, rows, Empty::new("No stories yet.", "/submit", "Submit the first story"))))
}

#[derive(Debug, Deserialize)]
pub struct Best {
    over: Option<String>,
    p: Option<usize>,
    at: Option<At>,
    from: Option<usize>,
}

/// `/best`
pub async fn best(State(app): State<App>, viewer: MaybeMember, Query(asked): Query<Best>) -> Result<Response, Error> {
    let over = asked.over.as_deref().and_then(Over::parse).unwrap_or(Over::Week);
    let name = over.as_str();
    let at = Numbered { p: asked.p, at: asked.at, from: asked.from };
    let rows = ranked(&app, &viewer, Ranked::Best(over), &format!("/best?over={name}"), at).await?;
    let choices = Over::ALL.map(|(o, name)| Choice {
        name: if o == Over::All { "all time".to_owned() } else { name.to_owned() },
        href: format!("/best?over={name}"),
        current: o == over,
    });
    let page = at.on(Page::new(&app, &viewer, "best", "Best stories"));
    let empty = Empty::new("No stories in this span of time.", "/best?over=all", "The best of all time");
    Ok(html(&NewsPage { choices: choices.into(), ..answer(page, rows, empty.on(at)) }))
}

/// `/active`
pub async fn active(
    State(app): State<App>,
    viewer: MaybeMember,
    Query(at): Query<Numbered>,
) -> Result<Response, Error> {
    let rows = ranked(&app, &viewer, Ranked::Active, "/active", at).await?;
    let page = at.on(Page::new(&app, &viewer, "active", "Active discussions"));
    let empty = Empty::new("Nobody has commented yet.", "/new", "See the new stories");
    Ok(html(&answer(page, rows, empty.on(at))))
}

/// `/ask`
pub async fn ask(State(app): State<App>, viewer: MaybeMember, Query(at): Query<Numbered>) -> Result<Response, Error> {
    let rows = ranked(&app, &viewer, Ranked::Section(Section::Ask), "/ask", at).await?;
    let page = at.on(Page::new(&app, &viewer, "ask", "Ask"));
    let empty =
        Empty::new("No questions yet. A title that begins with “Ask:” stands here.", "/submit", "Ask something");
    Ok(html(&answer(page, rows, empty.on(at))))
}

/// `/show`
pub async fn show(State(app): State<App>, viewer: MaybeMember, Query(at): Query<Numbered>) -> Result<Response, Error> {
    let rows = ranked(&app, &viewer, Ranked::Section(Section::Show), "/show", at).await?;
    let page = at.on(Page::new(&app, &viewer, "show", "Show"));
    let empty =
        Empty::new("Nothing shown yet. A title that begins with “Show:” stands here.", "/submit", "Show something");
    Ok(html(&answer(page, rows, empty.on(at))))
}

#[derive(Debug, Deserialize)]
pub struct Past {
    day: Option<String>,
    p: Option<usize>,
    at: Option<At>,
    from: Option<usize>,
}

/// `/past`: the stories of one day of UTC, yesterday unless it is named.
pub async fn past(State(app): State<App>, viewer: MaybeMember, Query(asked): Query<Past>) -> Result<Response, Error> {
    let today = Day::of(viewer.now);
    let day = match &asked.day {
        Some(day) => Day::parse(day)
            .ok_or_else(|| Error::bad("That is not a day. Write it as year-month-day, such as 2026-11-23."))?,
        None => today.shifted(-1, 0).unwrap_or(today),
    };
    let at = Numbered { p: asked.p, at: asked.at, from: asked.from };
    let rows = ranked(&app, &viewer, Ranked::Past(day), &format!("/past?day={day}"), at).await?;
    let words = age::day(day.start());
    let page = at.on(Page::new(&app, &viewer, "past", format!("Stories of {words}")));
    let empty = Empty::new(format!("No stories on {words}."), "/best?over=all", "The best of all time");
    Ok(html(&NewsPage { choices: neighbours(day, today), ..answer(page, rows, empty.on(at)) }))
}

/// Links a day, a month and a year back and on, none of them into the future.
fn neighbours(day: Day, today: Day) -> Vec<Choice> {
    let links = [
        ("a year back", day.shifted(0, -12)),
        ("a month back", day.shifted(0, -1)),
        ("a day back", day.shifted(-1, 0)),
        ("a day on", day.shifted(1, 0)),
        ("a month on", day.shifted(0, 1)),
        ("a year on", day.shifted(0, 12)),
    ];
    let choice = |(name, day): (&str, Option<Day>)| {
        let day = day.filter(|day| *day <= today)?;
        Some(Choice { name: name.to_owned(), href: format!("/past?day={day}"), current: false })
    };
    links.into_iter().filter_map(choice).collect()
}

/// `/from/{*site}`
pub async fn from(
    State(app): State<App>,
    viewer: MaybeMember,
    Path(site): Path<String>,
    Query(at): Query<Before>,
) -> Result<Response, Error> {
    let Some(name) = url::from_param(&site) else { return Err(Error::NotFound) };
    if name != site {
        return Ok(Redirect::permanent(&format!("/from/{name}")).into_response());
    }
    let cursor = at.cursor(&app).await?;
    let items = app.store.from_site(&name, viewer.id(), cursor).await?;
    let items = shadowed::from_site(&app, &viewer, items, &name, cursor.before).await?;
    let rows = newest_rows(&app, &viewer, items, &format!("/from/{name}")).await?;
    let page = Page::new(&app, &viewer, "from", format!("Stories from {name}"));
    let intro = Some(format!("Stories from {name}, newest first."));
    let empty = Empty::new(format!("Nothing from {name} has been submitted yet."), "/submit", "Submit a story");
    let site = Some(SiteDesk::of(&app, &viewer, &name).await?);
    Ok(html(&NewsPage { intro, site, ..answer(page, rows, empty) }))
}
