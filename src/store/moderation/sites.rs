use std::collections::HashSet;

use crate::clock::Timestamp;
use crate::domain::items::item::ItemId;
use crate::domain::items::rank::CANDIDATES;
use crate::domain::moderation::action::Action;
use crate::domain::moderation::site_restriction::{self, SiteName, SiteRestriction};
use crate::domain::url::StoryUrl;
use crate::store::moderation::log_entry::{self, ActionContext, LogEntry};
use crate::store::{Change, Db, Error, Result, Store, Tx};

/// Names per statement; the stories of one site have over 32,766, SQLite's limit.
const NAMES: usize = 1_000;

#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct RestrictedSite {
    pub name: String,
    pub restriction: SiteRestriction,
    pub reason: String,
    pub created_at: Timestamp,
    /// `None`: the operator at the command line.
    pub actor: Option<String>,
}

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct SiteStory {
    pub id: ItemId,
    pub title: Option<String>,
    pub url: String,
    pub time: Timestamp,
    penalised: bool,
}

/// `select` of at most `$1` live [`SiteStory`]s; takes the rest of the statement.
macro_rules! select_story {
    ($tail:literal) => {
        concat!(
            "select id, title, url, time, penalised from items where dead is null and deleted_at is null \
             and ",
            $tail
        )
    };
}

/// `select` of a [`RestrictedSite`]; takes the rest of the statement.
macro_rules! select_restriction {
    ($tail:literal) => {
        concat!(
            "select s.name, s.restriction, s.reason, s.created_at, u.name as actor from sites s left join \
             users u on u.id \
             = s.actor_id ",
            $tail
        )
    };
}

impl Store {
    pub async fn restrictions(&self, names: &[String]) -> Result<Vec<RestrictedSite>> {
        restrictions(&self.read, names).await
    }

    /// Restricted sites, ordered by name, after `name` (keyset pagination).
    pub async fn sites_after(&self, name: &str, rows: i64) -> Result<Vec<RestrictedSite>> {
        self.read
            .sql(select_restriction!("where s.name > $1 order by s.name limit $2"))
            .bind(name)
            .bind(rows)
            .fetch_all()
            .await
    }

    /// The newest stories that a restriction affects, at most as many as a list ranks; if truncated, also the
    /// oldest story's time.
    pub async fn stories_of_site(&self, site: &SiteName) -> Result<(Vec<SiteStory>, Option<Timestamp>)> {
        let mut stories = newest_of(&self.read, site).await?;
        let full = i64::try_from(stories.len()).unwrap_or(i64::MAX) >= CANDIDATES;
        let since = stories.last().map(|last| last.time).filter(|_| full);
        let is_of = |url: &str| {
            StoryUrl::parse(url)
                .is_ok_and(|url| site_restriction::names(&url).iter().any(|n| n == site.as_str()))
        };
        stories.retain(|story| is_of(&story.url));
        stories.sort_by_key(|story| std::cmp::Reverse((story.time, story.id)));
        Ok((stories, since))
    }

    /// Sets or lifts a site's restriction and updates its stories. `over` is the start of the restriction
    /// that the moderator saw, for optimistic locking; lifting ignores it. Fails with `Conflict` if the
    /// restriction is another than the one seen, or there is none to lift.
    pub async fn set_restriction(
        &self,
        site: &SiteName,
        restriction: Option<SiteRestriction>,
        over: Option<Timestamp>,
        act: ActionContext<'_>,
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        let action = match restriction {
            Some(restriction) => {
                let held: Option<Timestamp> = tx
                    .sql("select created_at from sites where name = $1")
                    .bind(site.as_str())
                    .fetch_optional_scalar()
                    .await?;
                if held != over {
                    return Err(Error::Conflict);
                }
                tx.sql(
                    "insert into sites (name, restriction, reason, created_at, actor_id) values ($1, $2, $3, \
                     $4, $5) \
                     on conflict (name) do update set restriction = excluded.restriction, reason = \
                     excluded.reason, \
                     created_at = excluded.created_at, actor_id = excluded.actor_id",
                )
                .bind(site.as_str())
                .bind(restriction)
                .bind(act.reason)
                .bind(act.at)
                .bind(act.actor)
                .execute()
                .await?;
                if restriction == SiteRestriction::Banned { Action::BanSite } else { Action::PenaliseSite }
            }
            None => {
                let done = tx.sql("delete from sites where name = $1").bind(site.as_str()).execute().await?;
                if done == 0 {
                    return Err(Error::Conflict);
                }
                Action::LiftSite
            }
        };
        weigh_stories(&mut tx, site).await?;
        log_entry::append_checked_log_entry(
            &mut tx,
            act,
            LogEntry { detail: site.as_str(), ..LogEntry::of(action) },
        )
        .await?;
        self.commit(tx, &[Change::Public]).await
    }
}

async fn restrictions(db: impl Into<Db<'_>>, names: &[String]) -> Result<Vec<RestrictedSite>> {
    let mut db = db.into();
    let mut held = Vec::new();
    for names in names.chunks(NAMES) {
        let query = db.reborrow().sql(select_restriction!("where s.name in ")).list(names).once();
        held.extend(query.fetch_all::<RestrictedSite>().await?);
    }
    Ok(held)
}

/// The most severe restriction of the sites that match a story.
pub(crate) async fn restriction_on(tx: &mut Tx, url: &StoryUrl) -> Result<Option<RestrictedSite>> {
    let held = restrictions(&mut *tx, &site_restriction::names(url)).await?;
    Ok(held.into_iter().max_by_key(|held| held.restriction))
}

/// Updates a restored story by its sites' current restrictions.
pub(crate) async fn weigh_story(tx: &mut Tx, id: ItemId) -> Result<()> {
    let url: Option<String> = tx.sql("select url from items where id = $1").bind(id).fetch_scalar().await?;
    if let Some(url) = url.and_then(|url| StoryUrl::parse(&url).ok()) {
        let is = restriction_on(tx, &url).await?.is_some();
        mark(tx, &[id], is).await?;
    }
    Ok(())
}

/// Stories that may belong to a site: by the domain's index, or, for a site with many domains, among the
/// candidates of the front page.
async fn newest_of(db: impl Into<Db<'_>>, site: &SiteName) -> Result<Vec<SiteStory>> {
    let db = db.into();
    let stories = match site.domain() {
        Some(_) if site.is_place() => db
            .sql(select_story!("site = $2 and site is not null order by time desc, id desc limit $1"))
            .bind(CANDIDATES)
            .bind(site.as_str().to_owned()),
        Some(domain) => db
            .sql(select_story!("domain = $2 and domain is not null order by time desc, id desc limit $1"))
            .bind(CANDIDATES)
            .bind(domain),
        None => db
            .sql(select_story!(
                "url is not null and kind in ('story', 'job', 'poll') order by rank_time desc, id desc limit \
                 $1"
            ))
            .bind(CANDIDATES),
    };
    stories.fetch_all().await
}

async fn weigh_stories(tx: &mut Tx, site: &SiteName) -> Result<()> {
    let stories = newest_of(&mut *tx, site).await?;
    let stories: Vec<(ItemId, Vec<String>, bool)> = stories
        .into_iter()
        .filter_map(|story| {
            Some((story.id, site_restriction::names(&StoryUrl::parse(&story.url).ok()?), story.penalised))
        })
        .collect();
    let names: HashSet<&String> = stories.iter().flat_map(|(_, names, _)| names).collect();
    let names: Vec<String> = names.into_iter().cloned().collect();
    let held: HashSet<String> =
        restrictions(&mut *tx, &names).await?.into_iter().map(|held| held.name).collect();
    for penalised in [true, false] {
        let wrong = stories.iter().filter(|(_, names, is)| {
            *is != penalised && names.iter().any(|name| held.contains(name)) == penalised
        });
        let wrong: Vec<ItemId> = wrong.map(|(id, ..)| *id).collect();
        mark(tx, &wrong, penalised).await?;
    }
    Ok(())
}

async fn mark(tx: &mut Tx, ids: &[ItemId], penalised: bool) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    tx.sql("update items set penalised = ")
        .push_bind(penalised)
        .push(" where id in ")
        .list(ids)
        .once()
        .execute()
        .await?;
    Ok(())
}
