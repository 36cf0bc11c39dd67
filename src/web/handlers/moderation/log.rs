//! The moderation log, as a page and an Atom feed.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use http::HeaderValue;
use http::header::{CACHE_CONTROL, VARY};
use serde::Deserialize;

use crate::clock::Timestamp;
use crate::config::{LogVisibility, SiteSettings};
use crate::domain::accounts::user::{Member, Role, UserId};
use crate::domain::items::item::{DeadReason, Item, ItemId, Kind, Visibility, may_see};
use crate::domain::items::item_ref;
use crate::domain::moderation::action::{Action, LogPhrase};
use crate::domain::text;
use crate::store::{self, LogFilter, LogRow};
use crate::web::error::Error;
use crate::web::extract::form::{FormErrors, FormRefusal};
use crate::web::extract::session::{MaybeMember, log_in_address};
use crate::web::feeds::{Feed, FeedContent, FeedEntry, FeedFormat, tag};
use crate::web::handlers::moderation;
use crate::web::state::App;
use crate::web::view::items::TimeView;
use crate::web::view::layout::{Page, html_with};
use crate::web::view::pagination::{PAGE_LIMIT, PAGE_SIZE, PAGE_SIZE_I64, Tab, next_page};

#[derive(Template)]
#[template(path = "moderation/log.html")]
struct LogPage<'a> {
    page: Page<'a>,
    desk: Vec<Tab>,
    asked: &'a LogQuery,
    /// The actions to filter by: names and labels.
    acts: Vec<(&'static str, &'static str)>,
    narrowed: String,
    names: bool,
    errors: FormErrors,
    rows: Vec<LogRowView>,
    more: Option<String>,
}

/// The log's filter as submitted; empty fields do not filter.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct LogQuery {
    act: String,
    moderator: String,
    person: String,
    item: String,
    before: Option<String>,
}

impl LogQuery {
    fn is_narrowed(&self) -> bool {
        [&self.act, &self.moderator, &self.person, &self.item].iter().any(|typed| !typed.trim().is_empty())
    }

    /// The filter in words; `names` tells whether moderators may be named.
    fn words(&self, names: bool, item: &str) -> String {
        let act = Action::parse(&self.act).map_or_else(String::new, |act| act.spec().label.to_owned());
        let of = |words: &str, typed: &str| format!("{words} {}", typed.trim());
        let parts = [
            (&self.act, act),
            (&self.moderator, if names { of("by", &self.moderator) } else { String::new() }),
            (&self.person, of("on", &self.person)),
            (&self.item, of("on", item)),
        ];
        let parts = parts.into_iter().filter(|(typed, words)| !typed.trim().is_empty() && !words.is_empty());
        parts.map(|(_, words)| words).collect::<Vec<_>>().join("; ")
    }

    fn address(&self) -> String {
        let mut pairs = url::form_urlencoded::Serializer::new(String::new());
        let typed = [
            ("act", &self.act),
            ("moderator", &self.moderator),
            ("person", &self.person),
            ("item", &self.item),
        ];
        pairs.extend_pairs(typed.iter().filter(|(_, typed)| !typed.is_empty()));
        let query = pairs.finish();
        if query.is_empty() { "/log".to_owned() } else { format!("/log?{query}") }
    }
}

struct LogRowView {
    token: String,
    /// `None` if moderators are anonymous or the operator acted.
    actor: Option<String>,
    nameless: &'static str,
    /// The text around the target of the action.
    before: &'static str,
    after: String,
    item: Option<(ItemId, String)>,
    other: Option<(ItemId, String)>,
    user: Option<String>,
    reason: String,
    detail: String,
    private: bool,
    at: Timestamp,
    when: TimeView,
}

impl LogRowView {
    fn phrase(&self) -> String {
        let name = |item: &'_ Option<(ItemId, String)>| item.as_ref().map(|(_, name)| name.clone());
        let begun = format!("{}{}", self.actor.as_deref().unwrap_or(self.nameless), self.before);
        let after = [Some(self.after.clone()), name(&self.other)];
        let words = [Some(begun), name(&self.item), self.user.clone()].into_iter().chain(after).flatten();
        words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
    }
}

fn may_read_names(settings: &SiteSettings, member: Option<&Member>) -> bool {
    member.is_some_and(|member| member.role >= Role::Moderator) || settings.moderation_names
}

/// The actor as the subject of a sentence that `member` reads outside the log.
pub fn actor<'a>(settings: &SiteSettings, member: Option<&Member>, act: &'a LogRow) -> &'a str {
    match act.actor.as_deref() {
        _ if !settings.moderation_log.includes(member) => "A moderator",
        None => "The operator",
        Some(name) if may_read_names(settings, member) => name,
        Some(_) => "A moderator",
    }
}

struct LogReader<'a> {
    app: &'a App,
    viewer: &'a MaybeMember,
    moderates: bool,
}

impl<'a> LogReader<'a> {
    fn new(app: &'a App, viewer: &'a MaybeMember) -> Result<LogReader<'a>, Error> {
        if !viewer.settings.moderation_log.includes(viewer.member()) {
            return Err(match viewer.member() {
                None if viewer.settings.moderation_log == LogVisibility::Members => {
                    Error::LogInFirst(log_in_address(&viewer.here))
                }
                _ => Error::forbidden("On this site, only moderators read the log."),
            });
        }
        let moderates = viewer.member().is_some_and(|member| member.role >= Role::Moderator);
        Ok(LogReader { app, viewer, moderates })
    }

    fn names(&self) -> bool {
        may_read_names(&self.viewer.settings, self.viewer.member())
    }

    async fn user_named(
        &self,
        field: &'static str,
        typed: &str,
        errors: &mut FormErrors,
    ) -> Result<Option<UserId>, Error> {
        match self.app.store.profile(typed.trim()).await {
            Ok(profile) => Ok(Some(profile.id)),
            Err(store::Error::NotFound) => {
                errors.add(field, format!("There is no user named “{}”.", typed.trim()));
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn acts<'b>(&self, asked: &'b LogQuery) -> Result<LogFilter<'b>, FormRefusal> {
        let mut errors = FormErrors::default();
        let mut acts =
            LogFilter { private: self.moderates, before: asked.before.as_deref(), ..LogFilter::default() };
        if !asked.act.is_empty() {
            acts.act = Action::parse(&asked.act);
            if acts.act.is_none() {
                errors.add("act", "There is no such action.");
            }
        }
        // If moderators are anonymous, the log cannot be filtered by them either.
        if self.names() && !asked.moderator.trim().is_empty() {
            acts.actor = self.user_named("moderator", &asked.moderator, &mut errors).await?;
        }
        if !asked.person.trim().is_empty() {
            acts.user = self.user_named("person", &asked.person, &mut errors).await?;
        }
        if !asked.item.trim().is_empty() {
            acts.item = errors.check("item", item_ref::item(&asked.item, &self.app.config.base_url));
        }
        if errors.is_empty() { Ok(acts) } else { Err(errors.into()) }
    }

    /// Rows with their items; at most two more queries.
    async fn rows(&self, logged: Vec<LogRow>) -> Result<Vec<LogRowView>, Error> {
        let named = |act: &LogRow| [act.item_id, act.action.phrase(&act.detail).other];
        let ids: Vec<ItemId> = logged.iter().flat_map(named).flatten().collect();
        let items = self.items(&ids).await?;
        Ok(logged.into_iter().map(|act| self.row(act, &items)).collect())
    }

    /// Items, and the stories of comments the reader may not see, which are named instead.
    async fn items(&self, ids: &[ItemId]) -> Result<HashMap<ItemId, Item>, Error> {
        let by_id = |items: Vec<Item>| items.into_iter().map(|item| (item.id, item));
        let mut items: HashMap<ItemId, Item> = by_id(self.app.store.items(ids).await?).collect();
        let unseen = items.values().filter(|item| item.kind == Kind::Comment && !self.sees(item));
        let roots: Vec<ItemId> =
            unseen.map(|item| item.root_id).filter(|root| !items.contains_key(root)).collect();
        items.extend(by_id(self.app.store.items(&roots).await?));
        Ok(items)
    }

    async fn name_of(&self, item: Option<ItemId>) -> Result<String, Error> {
        let Some(id) = item else { return Ok(String::new()) };
        let items = self.items(&[id]).await?;
        Ok(items.get(&id).map_or_else(|| format!("item {id}"), |item| self.name(item, &items)))
    }

    fn row(&self, act: LogRow, items: &HashMap<ItemId, Item>) -> LogRowView {
        let by_operator = act.actor.is_none();
        let detail = if self.may_read_detail(&act, items) { act.detail.as_str() } else { "" };
        let LogPhrase { before, after, other, detail } = act.action.phrase(detail);
        let (after, detail) = (after.to_owned(), detail.to_owned());
        let named = |id: ItemId| items.get(&id).map(|item| (item.id, self.name(item, items)));
        LogRowView {
            token: act.token,
            nameless: act.action.spec().together.unwrap_or(if by_operator {
                "the operator"
            } else {
                "a moderator"
            }),
            actor: act.actor.filter(|_| self.names()),
            before,
            after,
            item: act.item_id.and_then(named),
            other: other.and_then(named),
            user: act.user,
            reason: act.reason,
            detail,
            private: act.private,
            at: act.created_at,
            when: TimeView::new(act.created_at, self.viewer.now),
        }
    }

    fn sees(&self, item: &Item) -> bool {
        matches!(
            may_see(item, self.viewer.member(), self.viewer.now),
            Visibility::Whole | Visibility::Dead(_)
        )
    }

    /// Whether the reader may know an item's title; merged items are not secret.
    fn may_name(&self, item: &Item) -> bool {
        self.sees(item) || item.dead == Some(DeadReason::Merged) && item.deleted_at.is_none()
    }

    /// The detail of an edit or notice quotes the item, so it needs the permission to see the item.
    fn may_read_detail(&self, act: &LogRow, items: &HashMap<ItemId, Item>) -> bool {
        let item = act.item_id.map(|id| items.get(&id));
        self.moderates
            || !act.action.spec().quotes
            || item.is_none_or(|item| item.is_some_and(|item| self.sees(item)))
    }

    /// An item in a few words, without anything the reader may not see.
    fn name(&self, item: &Item, items: &HashMap<ItemId, Item>) -> String {
        let title = |item: &Item| {
            item.title.as_ref().filter(|_| self.may_name(item)).map(|title| format!("“{title}”"))
        };
        if item.kind != Kind::Comment {
            return title(item).unwrap_or_else(|| "a story".to_owned());
        }
        if let Some(author) = item.author.as_ref().filter(|_| self.sees(item)) {
            return format!("a comment by {author}");
        }
        let on = items.get(&item.root_id).and_then(title);
        on.map_or_else(|| "a comment".to_owned(), |title| format!("a comment on {title}"))
    }
}

fn acts_for(moderates: bool) -> Vec<(&'static str, &'static str)> {
    let acts = Action::logged().map(|act| (act.as_str(), act.spec()));
    let seen = acts.filter(|(_, spec)| moderates || !spec.private);
    let mut acts: Vec<_> = seen.map(|(name, spec)| (name, spec.label)).collect();
    acts.sort_unstable_by_key(|(_, label)| *label);
    acts
}

/// `/log`
pub async fn show(
    State(app): State<App>,
    viewer: MaybeMember,
    Query(asked): Query<LogQuery>,
) -> Result<Response, Error> {
    let reader = LogReader::new(&app, &viewer)?;
    let (mut logged, item, errors) = match reader.acts(&asked).await {
        Ok(acts) => {
            let logged = app.store.log(acts, PAGE_LIMIT).await?;
            (logged, reader.name_of(acts.item).await?, FormErrors::default())
        }
        Err(FormRefusal::Invalid(errors)) => (Vec::new(), String::new(), errors),
        Err(FormRefusal::Error(error)) => return Err(error),
    };
    let more = next_page(&mut logged, PAGE_SIZE, &asked.address(), |last| [("before", last.token.clone())]);
    let mut page = Page::new(&app, &viewer, "log", "Moderation log").fed_by("/feed/log");
    page.robots = viewer.settings.moderation_log == LogVisibility::Public
        && !asked.is_narrowed()
        && asked.before.is_none();
    let log = LogPage {
        page,
        desk: viewer
            .member()
            .filter(|_| reader.moderates)
            .map_or_else(Vec::new, |member| moderation::tabs::bar(member, "log")),
        acts: acts_for(reader.moderates),
        narrowed: asked.words(reader.names(), &item),
        names: reader.names(),
        rows: reader.rows(logged).await?,
        more,
        asked: &asked,
        errors: errors.clone(),
    };
    Ok(html_with(errors.status(), &log))
}

/// `/feed/log.atom` and its other formats: the latest public actions. No private ones, because feeds are
/// cached elsewhere.
pub async fn feed(app: &App, viewer: &MaybeMember, format: FeedFormat) -> Result<Response, Error> {
    let reader = LogReader::new(app, viewer)?;
    let rows = reader.rows(app.store.log(LogFilter::default(), PAGE_SIZE_I64).await?).await?;
    let base = &app.config.base_url;
    let entry = |row: &LogRowView| {
        let why = [row.detail.as_str(), row.reason.as_str()].into_iter().filter(|words| !words.is_empty());
        let why = text::without_hidden(&why.collect::<Vec<_>>().join(". "));
        let page = format!("{base}/log#a{}", row.token);
        FeedEntry {
            id: tag(app, &format!("log/{}", row.token)),
            title: text::without_hidden(&row.phrase()),
            link: page.clone(),
            page,
            author: None,
            published: row.at,
            updated: row.at,
            content: if why.is_empty() { FeedContent::None } else { FeedContent::Text(why) },
        }
    };
    let feed = Feed {
        title: format!("{}: moderation", app.settings().site_name),
        subtitle: String::new(),
        id: tag(app, "feed/log"),
        page: format!("{base}/log"),
        address: format!("{base}/feed/log.{}", format.ending()),
        updated: rows.first().map_or(viewer.now, |row| row.at),
        entries: rows.iter().map(entry).collect(),
    };
    let mut response = feed.response(format, viewer.now);
    // The names of moderators may be for members alone.
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    response.headers_mut().insert(VARY, HeaderValue::from_static("Cookie"));
    Ok(response)
}
