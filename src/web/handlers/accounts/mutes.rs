//! What a member has muted, and what they can mute.

use std::collections::HashMap;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use serde::Deserialize;

use crate::domain::accounts::mutes::{LONGEST_WORD, Mute, MuteKind};
use crate::domain::accounts::user::UserId;
use crate::domain::items::item::{Item, ItemId, Visibility, may_see};
use crate::domain::text;
use crate::web::actions::mute::{self, MuteOutcome};
use crate::web::actions::visible_item;
use crate::web::error::Error;
use crate::web::extract::form::FormErrors;
use crate::web::extract::local_redirect::LocalRedirect;
use crate::web::extract::path::Path;
use crate::web::extract::recovered_form::RecoverableForm;
use crate::web::extract::session::{CurrentMember, referring_page};
use crate::web::state::App;
use crate::web::view::layout::{Page, html, html_with};

/// One thing that is, or can be, muted.
struct MuteView {
    kind: MuteKind,
    value: String,
    name: String,
    /// The page of it, if the member can see it.
    href: Option<String>,
    on: bool,
}

struct MuteGroup {
    title: &'static str,
    rows: Vec<MuteView>,
}

#[derive(Template)]
#[template(path = "accounts/mutes.html")]
struct MutesPage<'a> {
    page: Page<'a>,
    errors: FormErrors,
    kind: MuteKind,
    value: &'a str,
    groups: Vec<MuteGroup>,
    longest: usize,
}

#[derive(Debug, Deserialize)]
pub struct MuteForm {
    kind: String,
    #[serde(default)]
    value: String,
    on: bool,
    goto: Option<LocalRedirect>,
}

const GROUPS: [(MuteKind, &str); 4] = [
    (MuteKind::Person, "People"),
    (MuteKind::Site, "Sites"),
    (MuteKind::Word, "Words"),
    (MuteKind::Thread, "Threads"),
];

impl MutesPage<'_> {
    fn kinds(&self) -> [(MuteKind, &'static str); 3] {
        [(MuteKind::Word, "a word or phrase"), (MuteKind::Person, "a person"), (MuteKind::Site, "a site")]
    }
}

impl MuteView {
    fn new(kind: MuteKind, value: String, name: String, href: Option<String>) -> MuteView {
        MuteView { kind, value, name, href, on: true }
    }

    fn user(name: &str) -> MuteView {
        MuteView::new(MuteKind::Person, name.to_owned(), name.to_owned(), Some(format!("/user/{name}")))
    }

    fn site(site: &str) -> MuteView {
        MuteView::new(MuteKind::Site, site.to_owned(), site.to_owned(), Some(format!("/from/{site}")))
    }

    fn word(word: &str) -> MuteView {
        MuteView::new(MuteKind::Word, word.to_owned(), word.to_owned(), None)
    }

    /// What muting it does, on the page that offers it.
    fn what(&self) -> &'static str {
        match self.kind {
            MuteKind::Person => "Everything by this person; in threads their comments are folded",
            MuteKind::Site => "All stories from this site",
            MuteKind::Word => "Everything with this word",
            MuteKind::Thread => "This story with its comments, and replies to you in it",
        }
    }

    /// What its button names.
    fn short(&self) -> &str {
        if self.kind == MuteKind::Thread { "this thread" } else { &self.name }
    }

    /// `root` is the story, if the member can see it.
    fn thread(id: ItemId, root: Option<&Item>) -> MuteView {
        let title = root.and_then(|root| root.title.clone());
        let href = root.map(|_| format!("/item/{id}"));
        let name = title.unwrap_or_else(|| "a story that you can no longer see".to_owned());
        MuteView::new(MuteKind::Thread, id.to_string(), name, href)
    }
}

/// The member's mutes by kind, with names and titles from two queries.
async fn groups(app: &App, asking: &CurrentMember) -> Result<Vec<MuteGroup>, Error> {
    let (mut people, mut threads) = (Vec::<UserId>::new(), Vec::<ItemId>::new());
    let rows = app.store.mutes(asking.member.id).await?;
    for row in &rows {
        match row.mute {
            Mute::Person(id) => people.push(id),
            Mute::Thread(id) => threads.push(id),
            Mute::Site(_) | Mute::Word(_) => {}
        }
    }
    let names = app.store.names(&people).await?;
    let roots = app.store.items(&threads).await?;
    let roots: HashMap<ItemId, &Item> = roots.iter().map(|root| (root.id, root)).collect();
    let is_seen = |root: &&Item| {
        let sight = may_see(root, Some(&asking.member), asking.viewer.now);
        matches!(sight, Visibility::Whole | Visibility::Dead(_))
    };
    let view = |mute: &Mute| match mute {
        Mute::Person(id) => names.get(id).map(|name| MuteView::user(name)),
        Mute::Thread(id) => Some(MuteView::thread(*id, roots.get(id).copied().filter(is_seen))),
        Mute::Site(site) => Some(MuteView::site(site)),
        Mute::Word(word) => Some(MuteView::word(word)),
    };
    let group = |(kind, title): (MuteKind, &'static str)| MuteGroup {
        title,
        rows: rows.iter().filter(|row| row.mute.kind() == kind).filter_map(|row| view(&row.mute)).collect(),
    };
    Ok(GROUPS.into_iter().map(group).filter(|group| !group.rows.is_empty()).collect())
}

async fn form(
    app: &App,
    asking: &CurrentMember,
    (kind, value): (MuteKind, &str),
    errors: FormErrors,
) -> Result<Response, Error> {
    let page = MutesPage {
        page: Page::new(app, &asking.viewer, "settings", "Muted"),
        kind,
        value,
        groups: groups(app, asking).await?,
        longest: LONGEST_WORD,
        errors,
    };
    Ok(html_with(page.errors.status(), &page))
}

/// `GET /settings/muted`
pub async fn show(State(app): State<App>, asking: CurrentMember) -> Result<Response, Error> {
    form(&app, &asking, (MuteKind::Word, ""), FormErrors::default()).await
}

/// `POST /settings/muted`: mutes or unmutes, and returns to where it was asked for.
pub async fn update(
    State(app): State<App>,
    RecoverableForm { asking, typed }: RecoverableForm<MuteForm>,
) -> Result<Response, Error> {
    let kind = MuteKind::parse(&typed.kind)
        .ok_or_else(|| Error::bad("Choose whether it is a word, a person, a site or a thread."))?;
    if typed.on {
        let outcome = mute::mute(&app, &asking, kind, &typed.value).await?;
        if let MuteOutcome::Invalid(sentence) = outcome {
            return form(&app, &asking, (kind, &typed.value), FormErrors::one("value", sentence)).await;
        }
    } else {
        mute::unmute(&app, &asking, kind, &typed.value).await?;
    }
    Ok(typed.goto.unwrap_or_else(|| LocalRedirect::new("/settings/muted")).redirect())
}

#[derive(Template)]
#[template(path = "accounts/mute.html")]
struct MuteChoicePage<'a> {
    page: Page<'a>,
    id: ItemId,
    /// A story's title or a comment's excerpt.
    words: String,
    choices: Vec<MuteView>,
    goto: LocalRedirect,
}

/// Characters of a comment that are shown.
const EXCERPT: usize = 200;

/// `GET /item/{id}/mute`: what can be muted of a post: its author, its site and its thread.
pub async fn choose(
    State(app): State<App>,
    asking: CurrentMember,
    Path(id): Path<ItemId>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let item = visible_item(&app, id, &asking.member).await?;
    let root = visible_item(&app, item.root_id, &asking.member).await?;
    let mut page = Page::new(&app, &asking.viewer, "item", "Mute");
    page.robots = false;
    let back = LocalRedirect::to_item(item.id, item.root_id);
    let goto = referring_page(&app, &headers).filter(|page| page.path() != asking.viewer.here);
    Ok(html(&MuteChoicePage {
        page,
        id,
        words: item.title.clone().unwrap_or_else(|| text::excerpt(&item.text, EXCERPT)),
        choices: choices(&asking, &item, &root),
        goto: goto.unwrap_or(back),
    }))
}

fn choices(asking: &CurrentMember, item: &Item, root: &Item) -> Vec<MuteView> {
    let mutes = &asking.viewer.mutes;
    let mut choices = Vec::new();
    let other = item.author_id.filter(|author| *author != asking.member.id);
    if let (Some(id), Some(name)) = (other, item.author.as_deref()) {
        choices.push(MuteView { on: mutes.contains(&Mute::Person(id)), ..MuteView::user(name) });
    }
    for site in item.site.iter().flat_map(|site| sites(site)) {
        choices.push(MuteView { on: mutes.contains(&Mute::Site(site.to_owned())), ..MuteView::site(site) });
    }
    let on = mutes.contains(&Mute::Thread(root.id));
    choices.push(MuteView { on, ..MuteView::thread(root.id, Some(root)) });
    choices
}

/// A site, and the shared host that it is a part of.
fn sites(site: &str) -> impl Iterator<Item = &str> {
    [Some(site), site.split_once('/').map(|(host, _)| host)].into_iter().flatten()
}
