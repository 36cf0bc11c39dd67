//! The moderators' page about a member.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use askama::Template;
use axum::response::Response;

use super::{UserAction, UserActionForm};
use crate::clock::Timestamp;
use crate::domain::accounts::password_reset::may_make_link;
use crate::domain::accounts::totp::may_clear;
use crate::domain::accounts::user::{Profile, Role};
use crate::domain::items::item::{ItemId, Kind};
use crate::domain::moderation::action::{Action, LogPhrase};
use crate::domain::moderation::sanctions::{self, MAX_TAKEDOWN_POSTS, SanctionTerm};
use crate::domain::text;
use crate::domain::text::plural::{Grouped, counted};
use crate::domain::text::with_reason;
use crate::domain::time::relative_time;
use crate::store::{self, LastPost, LogFilter};
use crate::web::error::Error;
use crate::web::extract::form::FormErrors;
use crate::web::handlers::moderation;
use crate::web::view::items::TimeView;
use crate::web::view::layout::{Page, html_with};
use crate::web::view::pagination::Tab;

const ACTS_SHOWN: i64 = 50;

/// The preselected duration of a ban or limit, in days.
const USUAL: &str = "7";

const POSTS_SHOWN: usize = 5;
/// Characters of a comment shown as its name.
const EXCERPT: usize = 100;
const SITES_SHOWN: usize = 5;
/// Notes shown; older ones are folded.
const NOTES_SHOWN: usize = 3;
/// Longer notes are truncated, in characters.
const SHORT_NOTE: usize = 400;

struct NoteView {
    author: String,
    when: TimeView,
    text: String,
    begins: Option<String>,
    /// Another account of the same person, according to the note.
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

struct PostingStats {
    count: usize,
    dead: usize,
    flags: i64,
    /// The most frequent sites, with the number of stories.
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
    /// The text around the member's name, from [`LogPhrase`].
    before: &'static str,
    after: String,
    when: TimeView,
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
    done: Option<String>,
    joined: String,
    banned: Option<String>,
    over: Option<Timestamp>,
    /// Posts that are restored if the ban is lifted.
    taken: usize,
    /// Whether they will be; the default is yes.
    brings_back: bool,
    limited_until: Option<String>,
    shadowed: Option<String>,
    may_shadow: bool,
    invited_by: Option<String>,
    habits: PostingStats,
    may_give_role: bool,
    may_make_link: bool,
    may_clear_second_factor: bool,
    /// When their second factor ends, as an admin has cleared it.
    clears_at: Option<String>,
    notes: Vec<NoteView>,
    older_notes: Vec<NoteView>,
    acts: Vec<UserLogRow>,
    terms: Vec<(String, String)>,
}

impl ModerateUserPage<'_> {
    fn wrong(&self, field: &str) -> bool {
        self.errors.has(field)
    }

    /// Whether the page has the form with this field.
    fn has_field(&self, field: &str) -> bool {
        let is_claimed = !self.user.unclaimed;
        match field {
            "note" | "same_as" => true,
            "warning" | "message" => is_claimed,
            "limit_reason" | "limit_days" => is_claimed || self.limited_until.is_some(),
            "ban_reason" | "ban_days" => is_claimed || self.banned.is_some(),
            "shadow_reason" => self.may_shadow || self.shadowed.is_some(),
            _ => false,
        }
    }

    /// Whether an error is about a form that this account, as it is now, does not have.
    fn lacks_the_field(&self) -> bool {
        self.errors.list().iter().any(|(field, _)| !self.has_field(field))
    }
}

impl UserAction<'_> {
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
        for days in [&mut typed.ban_days, &mut typed.limit_days] {
            if days.is_empty() {
                USUAL.clone_into(days);
            }
        }
        let brings_back = typed.on.is_none() || typed.bring_back.is_some();
        let mut notes = self.notes().await?;
        let older_notes = notes.split_off(notes.len().min(NOTES_SHOWN));
        let totp = app.store.totp(user.id).await?.filter(|totp| totp.is_on(now));
        let limited_until = user.limited_until.filter(|until| *until > now);
        let person = ModerateUserPage {
            page,
            desk: moderation::tabs::bar(&self.moderator.member, ""),
            typed,
            brings_back,
            errors,
            done,
            joined: relative_time::day(user.created_at),
            banned: user.ban.since(now).map(|_| {
                with_reason(&sanctions::until(user.ban.banned_until), user.ban.ban_reason.as_deref())
            }),
            over: user.ban.since(now),
            taken: if user.ban.holds(now) { app.store.taken_with_ban(user.id).await? } else { 0 },
            limited_until: limited_until.map(|until| sanctions::until(Some(until))),
            shadowed: user.shadow_banned_at.map(relative_time::minute),
            may_shadow: sanctions::may_shadow(user).is_ok(),
            invited_by: app.store.lineage(user.id).await?.inviter,
            habits: PostingStats::new(&app.store.last_posts(user.id).await?, now),
            may_make_link: may_make_link(&self.moderator.member, user, now).is_ok(),
            may_clear_second_factor: may_clear(&self.moderator.member, user.id).is_ok()
                && totp.as_ref().is_some_and(|totp| totp.clears_at.is_none()),
            clears_at: totp.and_then(|totp| totp.clears_at).map(relative_time::minute),
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
            let text = text::without_hidden(&note.text);
            NoteView {
                same_as: same_as(&note),
                when: TimeView::new(note.created_at, self.now),
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
            let LogPhrase { before, after, detail, .. } = act.action.phrase(&act.detail);
            let more = [detail, &act.reason].into_iter().filter(|part| !part.is_empty());
            UserLogRow {
                said: more.collect::<Vec<_>>().join(": "),
                before,
                after: after.to_owned(),
                actor: act.actor.unwrap_or_else(|| "the operator".to_owned()),
                when: TimeView::new(act.created_at, self.now),
            }
        };
        Ok(acts.into_iter().map(view).collect())
    }
}

/// The last action as a sentence, with the number of posts affected; `None` for an unknown action.
pub fn result_sentence(act: &str, name: &str, posts: Option<usize>) -> Option<String> {
    let act = Action::parse(act)?;
    let LogPhrase { before, after, .. } = act.phrase("");
    let done = format!("You{before} {name} {after}");
    let done = done.trim_end();
    Some(match (act, posts) {
        (Action::Ban, Some(0)) => format!("{done}. They had no visible posts in the last 30 days."),
        (Action::Ban, Some(MAX_TAKEDOWN_POSTS)) => {
            format!("{done} and killed the newest {} of their posts.", Grouped(MAX_TAKEDOWN_POSTS))
        }
        (Action::Ban, Some(posts)) => format!("{done} and killed {posts} of their posts."),
        (Action::Unban, Some(1..)) => {
            format!("{done} and restored {}.", sanctions::posts(posts.unwrap_or(0)))
        }
        _ => format!("{done}."),
    })
}
