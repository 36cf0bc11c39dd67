//! The page about a person, put together.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use askama::Template;
use axum::response::Response;

use super::{UserAction, UserActionForm};
use crate::clock::Timestamp;
use crate::domain::accounts::user::{Profile, Role};
use crate::domain::items::item::{ItemId, Kind};
use crate::domain::moderation::action::{Action, LogPhrase};
use crate::domain::moderation::sanctions;
use crate::domain::moderation::sanctions::{MOST_TAKEN, SanctionTerm};
use crate::domain::text;
use crate::domain::text::plural::counted;
use crate::domain::text::with_reason;
use crate::domain::time::relative_time;
use crate::store::{self, LastPost, LogFilter};
use crate::web::error::Error;
use crate::web::extract::form::FormErrors;
use crate::web::handlers::moderation;
use crate::web::view::items::TimeView;
use crate::web::view::layout::{Page, html_with};
use crate::web::view::pagination::Tab;

/// How many of the latest acts on a person are shown.
const ACTS_SHOWN: i64 = 50;

/// The days that a ban or a slowing lasts unless another term is chosen.
const USUAL: &str = "7";

/// How many of the last posts are listed.
const POSTS_SHOWN: usize = 5;
/// How much of a comment names it, in characters.
const EXCERPT: usize = 100;
/// How many of the sites that they post from are named.
const SITES_SHOWN: usize = 5;
/// How many notes stand open; older ones are folded.
const NOTES_SHOWN: usize = 3;
/// How long a note may be, in characters, to stand open whole.
const SHORT_NOTE: usize = 400;

struct NoteView {
    author: String,
    when: TimeView,
    text: String,
    /// Where the text begins, if it is long.
    begins: Option<String>,
    /// The account that the note says is the same person's.
    same_as: Option<String>,
}

struct PostView {
    id: ItemId,
    name: String,
    is_comment: bool,
    gone: Option<&'static str>,
    flags: i64,
    when: TimeView,
}

impl PostView {
    fn new(post: &LastPost, now: Timestamp) -> PostView {
        let name = post.title.clone().unwrap_or_else(|| text::excerpt(&post.text, EXCERPT));
        PostView {
            id: post.id,
            is_comment: post.kind == Kind::Comment,
            name: if name.is_empty() { format!("{} {}", post.kind.as_str(), post.id) } else { name },
            gone: match (post.deleted, post.dead) {
                (true, _) => Some("[deleted]"),
                (false, true) => Some("[dead]"),
                (false, false) => None,
            },
            flags: post.flags,
            when: TimeView::new(post.time, now),
        }
    }
}

/// How somebody posts, by the last that they posted.
struct PostingStats {
    count: usize,
    dead: usize,
    flags: i64,
    /// The sites that most of it is from, and how many stories of each.
    sites: Vec<(String, usize)>,
    listed: Vec<PostView>,
}

impl PostingStats {
    fn new(posts: &[LastPost], now: Timestamp) -> PostingStats {
        let mut sites: BTreeMap<&str, usize> = BTreeMap::new();
        for site in posts.iter().filter_map(|post| post.site.as_deref()) {
            let count = sites.entry(site).or_default();
            *count = count.saturating_add(1);
        }
        let mut sites: Vec<(String, usize)> =
            sites.into_iter().map(|(site, count)| (site.to_owned(), count)).collect();
        sites.sort_by_key(|(_, count)| Reverse(*count));
        sites.truncate(SITES_SHOWN);
        PostingStats {
            count: posts.len(),
            dead: posts.iter().filter(|post| post.dead).count(),
            flags: posts.iter().map(|post| post.flags).sum(),
            sites,
            listed: posts.iter().take(POSTS_SHOWN).map(|post| PostView::new(post, now)).collect(),
        }
    }
}

struct UserLogRow {
    actor: String,
    /// What stands around the person, as a [`LogPhrase`] has it.
    before: &'static str,
    after: String,
    when: TimeView,
    /// What changed, and why.
    said: String,
}

#[derive(Template)]
#[template(path = "moderation/user.html")]
struct ModerateUserPage<'a> {
    page: Page<'a>,
    desk: Vec<Tab>,
    user: &'a Profile,
    typed: UserActionForm,
    errors: FormErrors,
    /// What was just done, as a sentence.
    done: Option<String>,
    joined: String,
    banned: Option<String>,
    over: Option<Timestamp>,
    /// How many posts come back if the ban is lifted with what it took.
    taken: usize,
    /// Whether they are to, as typed; they are unless somebody says otherwise.
    brings_back: bool,
    slowed: Option<String>,
    shadowed: Option<String>,
    may_shadow: bool,
    invited_by: Option<String>,
    habits: PostingStats,
    /// For admins.
    may_give_role: bool,
    notes: Vec<NoteView>,
    older_notes: Vec<NoteView>,
    acts: Vec<UserLogRow>,
    /// The days that a ban or a slowing may last, in words.
    terms: Vec<(String, String)>,
}

impl ModerateUserPage<'_> {
    /// Whether the form of a mistake's field stands open.
    fn wrong(&self, field: &str) -> bool {
        self.errors.has(field)
    }
}

impl UserAction<'_> {
    /// The page, with what was typed into one of its forms and what is wrong with it.
    pub async fn page(
        &self,
        mut typed: UserActionForm,
        errors: FormErrors,
        done: Option<String>,
    ) -> Result<Response, Error> {
        let (app, user, now) = (self.app, &self.user, self.now);
        let mut page = Page::new(app, &self.moderator.viewer, "mod", format!("Moderate {}", user.name));
        page.robots = false;
        let status = errors.status();
        for days in [&mut typed.ban_days, &mut typed.slow_days] {
            if days.is_empty() {
                USUAL.clone_into(days);
            }
        }
        let brings_back = typed.on.is_none() || typed.bring_back.is_some();
        let mut notes = self.notes().await?;
        let older_notes = notes.split_off(notes.len().min(NOTES_SHOWN));
        let slowed = user.slowed_until.filter(|until| *until > now);
        let person = ModerateUserPage {
            page,
            desk: moderation::tabs::bar(&self.moderator.member, ""),
            typed,
            brings_back,
            errors,
            done,
            joined: relative_time::day(user.created),
            banned: user.ban.since(now).map(|_| {
                with_reason(&sanctions::until(user.ban.banned_until), user.ban.ban_reason.as_deref())
            }),
            over: user.ban.since(now),
            taken: if user.ban.holds(now) { app.store.taken_with_ban(user.id).await? } else { 0 },
            slowed: slowed.map(|until| sanctions::until(Some(until))),
            shadowed: user.shadowed_at.map(relative_time::minute),
            may_shadow: sanctions::may_shadow(user).is_ok(),
            invited_by: app.store.lineage(user.id).await?.inviter,
            habits: PostingStats::new(&app.store.last_posts(user.id).await?, now),
            may_give_role: self.moderator.member.role >= Role::Admin,
            notes,
            older_notes,
            acts: self.acts().await?,
            terms: SanctionTerm::OFFERED
                .into_iter()
                .map(|days| (days.to_string(), counted(days, "day").to_string()))
                .collect(),
            user,
        };
        Ok(html_with(status, &person))
    }

    async fn notes(&self) -> Result<Vec<NoteView>, Error> {
        let notes = self.app.store.notes(self.user.id).await?;
        let same_as = |note: &store::Note| {
            let other = note.other.clone()?;
            Some(if other == self.user.name { note.about.clone() } else { other })
        };
        let view = |note: store::Note| {
            let text = text::shown(&note.text);
            NoteView {
                same_as: same_as(&note),
                when: TimeView::new(note.at, self.now),
                author: note.author,
                begins: (text.chars().count() > SHORT_NOTE)
                    .then(|| text.chars().take(SHORT_NOTE / 2).collect::<String>() + "…"),
                text,
            }
        };
        Ok(notes.into_iter().map(view).collect())
    }

    async fn acts(&self) -> Result<Vec<UserLogRow>, Error> {
        let acts = self
            .app
            .store
            .log(LogFilter { user: Some(self.user.id), private: true, ..LogFilter::default() }, ACTS_SHOWN)
            .await?;
        let view = |act: store::LogRow| {
            let LogPhrase { before, after, detail, .. } = act.act.phrase(&act.detail);
            let more = [detail, &act.reason].into_iter().filter(|part| !part.is_empty());
            UserLogRow {
                said: more.collect::<Vec<_>>().join(": "),
                before,
                after: after.to_owned(),
                actor: act.actor.unwrap_or_else(|| "the operator".to_owned()),
                when: TimeView::new(act.at, self.now),
            }
        };
        Ok(acts.into_iter().map(view).collect())
    }
}

/// What was just done to somebody, as a sentence, and to how many of their posts; none where there is no such act.
pub fn said(act: &str, name: &str, posts: Option<usize>) -> Option<String> {
    let act = Action::parse(act)?;
    let LogPhrase { before, after, .. } = act.phrase("");
    let done = format!("You{before} {name} {after}");
    let done = done.trim_end();
    Some(match (act, posts) {
        (Action::Ban, Some(0)) => format!("{done}. They had no visible posts in the last 30 days."),
        (Action::Ban, Some(MOST_TAKEN)) => {
            format!("{done} and killed the newest {MOST_TAKEN} of their posts.")
        }
        (Action::Ban, Some(posts)) => format!("{done} and killed {posts} of their posts."),
        (Action::Unban, Some(1..)) => {
            format!("{done} and restored {}.", sanctions::posts(posts.unwrap_or(0)))
        }
        _ => format!("{done}."),
    })
}
