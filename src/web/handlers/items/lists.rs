//! Lists of stories.

use std::borrow::Borrow;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{MethodRouter, get};
use http::StatusCode;
use serde::Deserialize;

use crate::clock::Timestamp;
use crate::domain::accounts::mutes::MuteScope;
use crate::domain::accounts::user::Role;
use crate::domain::items::item::Item;
use crate::domain::items::title::Section;
use crate::domain::time::day::Day;
use crate::domain::time::relative_time;
use crate::domain::url;
use crate::store::{DeadFilter, ItemCursor};
use crate::web::cache::ranked_lists::{RankedList, TimeSpan};
use crate::web::error::Error;
use crate::web::extract::form::FormErrors;
use crate::web::extract::path::Path;
use crate::web::extract::session::MaybeMember;
use crate::web::handlers::moderation::sites::RestrictionPanel;
use crate::web::member_pages::list_rows::StoryListHtml;
use crate::web::state::App;
use crate::web::view::hidden_story::{HiddenQuery, HiddenStory};
use crate::web::view::layout::{Page, html, html_with};
use crate::web::view::list_pages::{RankedPage, UnmutedPage};
use crate::web::view::pagination::{EmptyState, PageCursor, PageQuery, SnapshotId, Tab};
use crate::web::view::shadowed;
use crate::web::view::unmuted::Unmuted;

#[derive(Template)]
#[template(path = "items/stories.html")]
pub struct StoriesPage<'a> {
    pub page: Page<'a>,
    pub intro: Option<String>,
    pub choices: Vec<Tab>,
    pub stories: StoryListHtml,
    pub first_rank: usize,
    pub more: Option<String>,
    pub empty: EmptyState,
    /// The site's restriction, for moderators.
    pub site: Option<RestrictionPanel>,
    /// Shows the welcome text of an empty forum; front page only.
    pub welcome: bool,
    /// The form of a day's page.
    pub day: Option<DayForm>,
    pub hidden: Option<HiddenStory>,
}

pub struct DayForm {
    typed: String,
    today: Day,
    errors: FormErrors,
}

pub struct StoryListPage {
    pub stories: StoryListHtml,
    pub first_rank: usize,
    pub more: Option<String>,
    /// What an empty page says to a member who has muted all of it.
    pub all_muted: Option<EmptyState>,
    pub hidden: Option<HiddenStory>,
}

impl StoryListPage {
    async fn of<T: Borrow<Item>>(
        (app, viewer): (&App, &MaybeMember),
        items: &Unmuted<T>,
        (first_rank, more): (usize, Option<String>),
        hid: HiddenQuery,
    ) -> Result<StoryListPage, Error> {
        let stories = app.row_writer(viewer).write(items).await?;
        let (all_muted, hidden) = (items.all_muted(), hid.story(app, viewer).await?);
        Ok(StoryListPage { stories, first_rank, more, all_muted, hidden })
    }
}

async fn ranked(
    app: &App,
    viewer: &MaybeMember,
    list: RankedList,
    base: &str,
    (at, hid): (PageQuery, HiddenQuery),
) -> Result<StoryListPage, Error> {
    let RankedPage { items, first_rank, more } = app.ranked_stories(viewer, list, base, at).await?;
    StoryListPage::of((app, viewer), &items, (first_rank, more), hid).await
}

/// The dead items that a newest-first list shows this viewer.
pub fn dead_for(viewer: &MaybeMember) -> DeadFilter {
    match viewer.member() {
        Some(member) if member.role >= Role::Moderator => DeadFilter::All,
        Some(member) if member.show_dead => DeadFilter::Shown(member.id),
        Some(member) if member.shadow_banned_at.is_some() => DeadFilter::Own(member.id),
        _ => DeadFilter::No,
    }
}

fn answer<'a>(page: Page<'a>, rows: StoryListPage, empty: EmptyState) -> StoriesPage<'a> {
    let StoryListPage { stories, first_rank, more, all_muted, hidden } = rows;
    StoriesPage {
        page,
        intro: None,
        choices: Vec::new(),
        stories,
        first_rank,
        more,
        empty: all_muted.unwrap_or(empty),
        site: None,
        welcome: false,
        day: None,
        hidden,
    }
}

/// `/`
pub async fn top(
    State(app): State<App>,
    viewer: MaybeMember,
    Query(at): Query<PageQuery>,
    Query(hid): Query<HiddenQuery>,
) -> Result<Response, Error> {
    let rows = ranked(&app, &viewer, RankedList::Top, "/", (at, hid)).await?;
    let page = Page::new(&app, &viewer, "top", "Top stories").described(viewer.settings.tagline.clone());
    let page = page.of_list(at).told_of_stories(at.is_first());
    let empty = EmptyState::new(
        "No stories yet: this forum has just been opened.",
        "/submit",
        "Submit the first story",
    );
    let welcome = rows.stories.is_empty() && rows.all_muted.is_none() && at.is_first();
    Ok(html(&StoriesPage { welcome, ..answer(page, rows, empty.on(at.is_first(), "/")) }))
}

/// `/new`
pub async fn newest(
    State(app): State<App>,
    viewer: MaybeMember,
    Query(at): Query<PageCursor>,
    Query(hid): Query<HiddenQuery>,
) -> Result<Response, Error> {
    let (store, dead, of) = (&app.store, dead_for(&viewer), viewer.id());
    let read = |page| async move { Ok(store.newest(dead, of, page).await?) };
    let (scope, from) = (MuteScope::Lists, at.items(&app.store).await?);
    let UnmutedPage { items, more } = app.unmuted_page((&viewer, scope), from, "/new", read).await?;
    let rows = StoryListPage::of((&app, &viewer), &items, (1, more), hid).await?;
    let page = Page::new(&app, &viewer, "new", "New stories").fed_by("/feed/new");
    let page = page.told_of_stories(at.is_first());
    let empty = EmptyState::new("No stories yet.", "/submit", "Submit the first story");
    Ok(html(&answer(page, rows, empty.on(at.is_first(), "/new"))))
}

#[derive(Debug, Deserialize)]
pub struct BestQuery {
    over: Option<String>,
    p: Option<usize>,
    at: Option<SnapshotId>,
    from: Option<usize>,
}

/// `/best`
pub async fn best(
    State(app): State<App>,
    viewer: MaybeMember,
    Query(asked): Query<BestQuery>,
    Query(hid): Query<HiddenQuery>,
) -> Result<Response, Error> {
    let over = asked.over.as_deref().and_then(TimeSpan::parse).unwrap_or(TimeSpan::Week);
    let name = over.as_str();
    let at = PageQuery { p: asked.p, at: asked.at, from: asked.from };
    let first = format!("/best?over={name}");
    let rows = ranked(&app, &viewer, RankedList::Best(over), &first, (at, hid)).await?;
    let choices = TimeSpan::ALL.map(|(o, name)| Tab {
        name: if o == TimeSpan::All { "all time".to_owned() } else { name.to_owned() },
        href: format!("/best?over={name}"),
        current: o == over,
    });
    let page = Page::new(&app, &viewer, "best", "Best stories").of_list(at).fed_by("/feed/best");
    let empty = EmptyState::new("No stories in this period.", "/best?over=all", "The best of all time");
    let empty = empty.on(at.is_first(), first);
    Ok(html(&StoriesPage { choices: choices.into(), ..answer(page, rows, empty) }))
}

/// A ranked list described by its name and texts alone.
pub struct PlainList {
    pub list: RankedList,
    pub section: &'static str,
    pub title: &'static str,
    pub empty: (&'static str, &'static str, &'static str),
}

pub const ACTIVE: PlainList = PlainList {
    list: RankedList::Active,
    section: "active",
    title: "Active discussions",
    empty: ("Nobody has commented yet.", "/new", "See the new stories"),
};
pub const ASK: PlainList = PlainList {
    list: RankedList::Section(Section::Ask),
    section: "ask",
    title: "Ask",
    empty: ("No questions yet. Titles that begin with “Ask:” appear here.", "/submit", "Ask something"),
};
pub const SHOW: PlainList = PlainList {
    list: RankedList::Section(Section::Show),
    section: "show",
    title: "Show",
    empty: ("No Show stories yet. Titles that begin with “Show:” appear here.", "/submit", "Show something"),
};

/// `/active`, `/ask`, `/show`
pub fn plain(of: &'static PlainList) -> MethodRouter<App> {
    type Asked = (Query<PageQuery>, Query<HiddenQuery>);
    get(move |State(app): State<App>, viewer: MaybeMember, (Query(at), Query(hid)): Asked| async move {
        let first = format!("/{}", of.section);
        let rows = ranked(&app, &viewer, of.list, &first, (at, hid)).await?;
        let page = Page::new(&app, &viewer, of.section, of.title).of_list(at);
        let page = page.fed_by(format!("/feed/{}", of.section)).told_of_stories(at.is_first());
        let (what, href, next) = of.empty;
        let empty = EmptyState::new(what, href, next).on(at.is_first(), first);
        Ok::<_, Error>(html(&answer(page, rows, empty)))
    })
}

#[derive(Debug, Deserialize)]
pub struct ArchiveQuery {
    day: Option<String>,
    p: Option<usize>,
    at: Option<SnapshotId>,
    from: Option<usize>,
}

/// `/past`: the stories of one UTC day; yesterday by default.
pub async fn past(
    State(app): State<App>,
    viewer: MaybeMember,
    Query(asked): Query<ArchiveQuery>,
    Query(hid): Query<HiddenQuery>,
) -> Result<Response, Error> {
    let today = Day::of(viewer.now);
    let day = match asked.day.as_deref().filter(|day| !day.trim().is_empty()) {
        Some(typed) => match Day::parse(typed) {
            Some(day) => day,
            None => return Ok(no_such_day(&app, &viewer, typed, today)),
        },
        None => today.shifted(-1, 0).unwrap_or(today),
    };
    let at = PageQuery { p: asked.p, at: asked.at, from: asked.from };
    let first = format!("/past?day={day}");
    let rows = ranked(&app, &viewer, RankedList::Past(day), &first, (at, hid)).await?;
    let words = relative_time::day(day.start());
    let page = Page::new(&app, &viewer, "past", format!("Stories of {words}")).of_list(at);
    let empty = if rows.stories.is_empty() { no_stories_on(&app, day).await? } else { EmptyState::default() };
    let form = DayForm { typed: day.to_string(), today, errors: FormErrors::default() };
    let choices = neighbours(day, today);
    let empty = empty.on(at.is_first(), first);
    Ok(html(&StoriesPage { choices, day: Some(form), ..answer(page, rows, empty) }))
}

/// The form again, for what is no day.
fn no_such_day(app: &App, viewer: &MaybeMember, typed: &str, today: Day) -> Response {
    let mut page = Page::new(app, viewer, "past", "Stories of a day");
    page.robots = false;
    let sentence = "That is not a valid date. Write it as year-month-day, such as 2026-11-23.";
    let form = DayForm { typed: typed.to_owned(), today, errors: FormErrors::one("day", sentence) };
    let rows = StoryListPage {
        stories: StoryListHtml::default(),
        first_rank: 1,
        more: None,
        all_muted: None,
        hidden: None,
    };
    let empty = EmptyState::new("No day is shown.", "/past", "See yesterday’s stories");
    let page = StoriesPage { day: Some(form), ..answer(page, rows, empty) };
    html_with(StatusCode::BAD_REQUEST, &page)
}

async fn no_stories_on(app: &App, day: Day) -> Result<EmptyState, Error> {
    let sentence = format!("No stories on {}.", relative_time::day(day.start()));
    let Some(near) = nearest(app, day).await? else {
        return Ok(EmptyState::new(sentence, "/submit", "Submit the first story"));
    };
    Ok(EmptyState::new(
        sentence,
        format!("/past?day={near}"),
        format!("Nearest day with stories: {}", relative_time::day(near.start())),
    ))
}

/// The day with stories that is nearest to one without.
async fn nearest(app: &App, day: Day) -> Result<Option<Day>, Error> {
    let (before, after) = app.store.stories_around(day.start(), day.end()).await?;
    let by = |other: &Timestamp| day.start().since(*other).abs();
    Ok([before, after].into_iter().flatten().map(|time| Day::of(time).start()).min_by_key(by).map(Day::of))
}

/// Links one day, month and year back and forward, up to today.
fn neighbours(day: Day, today: Day) -> Vec<Tab> {
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
        Some(Tab { name: name.to_owned(), href: format!("/past?day={day}"), current: false })
    };
    links.into_iter().filter_map(choice).collect()
}

/// `/from/{*site}`
pub async fn from(
    State(app): State<App>,
    viewer: MaybeMember,
    Path(site): Path<String>,
    Query(at): Query<PageCursor>,
    Query(hid): Query<HiddenQuery>,
) -> Result<Response, Error> {
    let Some(name) = url::from_param(&site) else { return Err(Error::NotFound) };
    if name != site {
        return Ok(Redirect::permanent(&format!("/from/{name}")).into_response());
    }
    let (store, asking) = (&app.store, (&app, &viewer, name.as_str()));
    let read = |page: ItemCursor| async move {
        let (app, viewer, name) = asking;
        let items = store.from_site(name, viewer.id(), page).await?;
        shadowed::from_site(app, viewer, items, name, page.before).await
    };
    let (scope, cursor) = (MuteScope::PageOfSite(&name), at.items(&app.store).await?);
    let base = format!("/from/{name}");
    let UnmutedPage { items, more } = app.unmuted_page((&viewer, scope), cursor, &base, read).await?;
    let rows = StoryListPage::of((&app, &viewer), &items, (1, more), hid).await?;
    let page = Page::new(&app, &viewer, "from", format!("Stories from {name}"));
    let page = page.fed_by(format!("/feed/from/{name}"));
    let intro = Some("Newest first.".to_owned());
    let empty =
        EmptyState::new(format!("Nothing from {name} has been submitted yet."), "/submit", "Submit a story");
    let site = Some(RestrictionPanel::of(&app, &viewer, &name).await?);
    let empty = empty.on(at.is_first(), format!("/from/{name}"));
    Ok(html(&StoriesPage { intro, site, ..answer(page, rows, empty) }))
}
