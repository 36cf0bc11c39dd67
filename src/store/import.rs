mod votes;

use std::collections::{HashMap, HashSet};

pub use votes::ImportedVote;

use super::{Change, Error, Result, Store, Tx};
use crate::clock::Timestamp;
use crate::domain::accounts::user::UserId;
use crate::domain::items::item::{ItemId, Kind};
use crate::domain::items::title::Section;
use crate::domain::url::{RULE_VERSION, StoryUrl};

/// The source of all imported items and names.
const SOURCE: &str = "hn";

/// Rows per statement, within SQLite's limit of 32,766 values.
const ROWS: usize = 100;

const IDS: usize = 1_000;

/// An item with the source's ids.
#[derive(Debug, Clone)]
pub struct NewItem {
    pub source_id: i64,
    pub kind: Kind,
    /// As spelled by the source.
    pub author: Option<String>,
    pub time: Timestamp,
    /// The item replied to, or an option's poll.
    pub parent: Option<i64>,
    pub import_rank: Option<i64>,
    pub title: Option<String>,
    pub url: Option<StoryUrl>,
    pub section: Option<Section>,
    /// Markdown source.
    pub text: String,
    /// `None` counts as 1.
    pub points: Option<i64>,
    pub votes: Vec<ImportedVote>,
    pub dead: bool,
    pub deleted: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Imported {
    pub new: usize,
    pub known: usize,
    /// Source names in use by other users here, with their new names.
    pub renamed: Vec<(String, String)>,
}

#[derive(Debug, Clone, Copy, sqlx::FromRow)]
struct ParentRef {
    source_id: i64,
    id: ItemId,
    root_id: ItemId,
    depth: i64,
    author_id: Option<UserId>,
}

struct ImportRow<'a> {
    item: &'a NewItem,
    placed: ParentRef,
    parent: Option<ItemId>,
}

impl Store {
    /// Existing items by source id, with their roots.
    pub async fn imported(&self, source_ids: &[i64]) -> Result<HashMap<i64, ItemId>> {
        let mut found = HashMap::new();
        for ids in source_ids.chunks(IDS) {
            let query =
                self.read.sql("select source_id, root_id from items where source = ").push_bind(SOURCE);
            found.extend(query.push(" and source_id in ").list(ids).fetch_all::<(i64, ItemId)>().await?);
        }
        Ok(found)
    }

    /// Writes new items in one transaction: whole threads, parents before children. Ids up to `highest` are
    /// reserved for the source's own. Fails with `NotFound` if a parent is missing; nothing is written then.
    pub async fn import(&self, items: &[NewItem], highest: i64) -> Result<Imported> {
        let mut tx = self.begin().await?;
        let mut placed = parent_refs(&mut tx, items).await?;
        let new: Vec<&NewItem> = items.iter().filter(|item| !placed.contains_key(&item.source_id)).collect();
        let mut imported = Imported { new: new.len(), known: items.len() - new.len(), renamed: Vec::new() };
        if new.is_empty() {
            return Ok(imported);
        }
        let authors = authors(&mut tx, &new, &mut imported.renamed).await?;
        let taken = existing_ids(&mut tx, &new).await?;
        let mut next = tx.last_item_id().await?.max(highest);
        let mut rows = Vec::with_capacity(new.len());
        for item in new {
            let id = if taken.contains(&item.source_id) {
                next += 1;
                next
            } else {
                item.source_id
            };
            let author =
                item.author.as_deref().and_then(|name| authors.get(&name.to_ascii_lowercase()).copied());
            let row = place(item, ItemId(id), author, &placed)?;
            placed.insert(item.source_id, row.placed);
            rows.push(row);
        }
        let mut below = live_below(&rows);
        for rows in rows.chunks(ROWS) {
            insert_items(&mut tx, rows, &mut below).await?;
        }
        tx.skip_used_item_ids().await?;
        votes::insert_votes(&mut tx, &rows, &authors).await?;
        count_below(&mut tx, below.into_iter().collect()).await?;
        rows.iter().for_each(|row| tx.item_changes(row.placed.id));
        self.commit(tx, &[Change::Public]).await?;
        Ok(imported)
    }
}

async fn parent_refs(tx: &mut Tx, items: &[NewItem]) -> Result<HashMap<i64, ParentRef>> {
    let ids: HashSet<i64> =
        items.iter().flat_map(|item| [Some(item.source_id), item.parent]).flatten().collect();
    let ids: Vec<i64> = ids.into_iter().collect();
    let mut placed = HashMap::with_capacity(ids.len());
    for ids in ids.chunks(IDS) {
        let query = tx.sql("select source_id, id, root_id, depth, author_id from items where source = ");
        let query = query.push_bind(SOURCE).push(" and source_id in ").list(ids);
        let rows: Vec<ParentRef> = query.fetch_all().await?;
        placed.extend(rows.into_iter().map(|row| (row.source_id, row)));
    }
    Ok(placed)
}

/// Source ids that other items have here.
async fn existing_ids(tx: &mut Tx, items: &[&NewItem]) -> Result<HashSet<i64>> {
    let ids: Vec<i64> = items.iter().map(|item| item.source_id).collect();
    let mut taken = HashSet::new();
    for ids in ids.chunks(IDS) {
        let rows: Vec<i64> = tx.sql("select id from items where id in ").list(ids).fetch_scalars().await?;
        taken.extend(rows);
    }
    Ok(taken)
}

fn place<'a>(
    item: &'a NewItem,
    id: ItemId,
    author: Option<UserId>,
    placed: &HashMap<i64, ParentRef>,
) -> Result<ImportRow<'a>> {
    let source_id = item.source_id;
    let Some(parent) = item.parent else {
        let head = ParentRef { source_id, id, root_id: id, depth: 0, author_id: author };
        return Ok(ImportRow { item, placed: head, parent: None });
    };
    let parent = placed.get(&parent).ok_or(Error::NotFound)?;
    let depth = parent.depth.saturating_add(1);
    let own = ParentRef { source_id, id, root_id: parent.root_id, depth, author_id: author };
    Ok(ImportRow { item, placed: own, parent: Some(parent.id) })
}

/// New comments per thread that visitors may see.
fn live_below(rows: &[ImportRow<'_>]) -> HashMap<ItemId, i64> {
    let mut below = HashMap::new();
    for row in rows.iter().filter(|row| row.item.kind == Kind::Comment && !row.item.dead && !row.item.deleted)
    {
        *below.entry(row.placed.root_id).or_insert(0) += 1;
    }
    below
}

async fn insert_items(tx: &mut Tx, rows: &[ImportRow<'_>], below: &mut HashMap<ItemId, i64>) -> Result<()> {
    let query = tx.sql(
        "insert into items (id, kind, author_id, time, rank_time, visible_at, parent_id, root_id, depth, \
         import_rank, title, url, \
         url_key, site, domain, rule_version, section, text, base_points, score, ups, downs, descendants, \
         deleted_at, dead, source, source_id) ",
    );
    let query = query.values(rows, |values, row| {
        let (item, placed, voted) = (row.item, row.placed, row.item.voted());
        let site = item.url.as_ref().map(StoryUrl::site);
        let points = item.points.unwrap_or(1);
        values.bind(placed.id).bind(item.kind).bind(placed.author_id);
        values.bind(item.time).bind(item.time).bind(item.time);
        values.bind(row.parent).bind(placed.root_id).bind(placed.depth);
        values.bind(item.import_rank).bind(item.title.as_deref());
        values.bind(item.url.as_ref().map(|url| url.as_str().to_owned()));
        values.bind(item.url.as_ref().map(StoryUrl::key));
        values.bind(site.as_ref().map(|site| site.name.clone())).bind(site.map(|site| site.domain));
        values.bind(item.url.as_ref().map(|_| RULE_VERSION)).bind(item.section).bind(item.text.as_str());
        values.bind(points).bind(points + voted.score).bind(voted.ups).bind(voted.downs);
        values.bind(if item.parent.is_none() { below.remove(&placed.id).unwrap_or(0) } else { 0 });
        values.bind(item.deleted.then_some(item.time)).bind(item.dead.then_some("killed"));
        values.bind(SOURCE).bind(item.source_id);
    });
    query.execute().await?;
    Ok(())
}

async fn count_below(tx: &mut Tx, heads: Vec<(ItemId, i64)>) -> Result<()> {
    for heads in heads.chunks(ROWS) {
        let query = tx.sql("with more (id, n) as (").values(heads, |row, (id, n)| {
            row.bind(*id).bind(*n);
        });
        query
            .push(") update items set descendants = descendants + more.n from more where items.id = more.id")
            .execute()
            .await?;
    }
    Ok(())
}

struct ImportedUser<'a> {
    name: &'a str,
    since: Timestamp,
    /// Points of their stories, without each one's first.
    karma: i64,
    /// Karma from imported votes.
    voted: i64,
}

impl<'a> ImportedUser<'a> {
    fn of(name: &'a str, since: Timestamp) -> ImportedUser<'a> {
        ImportedUser { name, since, karma: 0, voted: 0 }
    }
}

#[derive(sqlx::FromRow)]
struct Account {
    id: UserId,
    name: String,
    /// Created by an import, claimed or not: the same user as at the source.
    imported: bool,
}

/// Creates or updates the accounts of all authors and voters, by lower-case name.
async fn authors(
    tx: &mut Tx,
    items: &[&NewItem],
    renamed: &mut Vec<(String, String)>,
) -> Result<HashMap<String, UserId>> {
    let people = people(items);
    // Names without an account and the next candidate; sorted, so that ids are deterministic.
    let mut open: Vec<(&String, String)> = people.keys().map(|key| (key, key.clone())).collect();
    open.sort_unstable();
    let mut ids = HashMap::with_capacity(people.len());
    let mut attempt = 0;
    while !open.is_empty() {
        let accounts = accounts(tx, &open).await?;
        let (mut absent, mut theirs, mut again) = (Vec::new(), Vec::new(), Vec::new());
        attempt += 1;
        for (key, tried) in open {
            let Some(person) = people.get(key) else { continue };
            let here = format!("{}{}", person.name, tried.get(key.len()..).unwrap_or_default());
            match accounts.get(&tried) {
                Some(account) if !account.imported => {
                    let number = if attempt > 1 { attempt.to_string() } else { String::new() };
                    again.push((key, format!("{key}-{SOURCE}{number}")));
                    continue;
                }
                Some(account) => theirs.push((key, account.id, person)),
                None => absent.push((key, tried.clone(), here.clone(), person)),
            }
            if tried != *key {
                renamed.push((person.name.to_owned(), here));
            }
        }
        update_accounts(tx, &theirs).await?;
        ids.extend(theirs.into_iter().map(|(key, id, _)| (key.clone(), id)));
        make_accounts(tx, &absent, &mut ids).await?;
        open = again;
    }
    Ok(ids)
}

fn people<'a>(items: &[&'a NewItem]) -> HashMap<String, ImportedUser<'a>> {
    let mut people = HashMap::new();
    for item in items {
        for vote in &item.votes {
            let name = vote.voter.as_str();
            let voter =
                people.entry(name.to_ascii_lowercase()).or_insert_with(|| ImportedUser::of(name, vote.at));
            voter.since = voter.since.min(vote.at);
        }
        let Some(name) = item.author.as_deref() else { continue };
        let person =
            people.entry(name.to_ascii_lowercase()).or_insert_with(|| ImportedUser::of(name, item.time));
        person.since = person.since.min(item.time);
        if matches!(item.kind, Kind::Story | Kind::Poll) {
            person.karma += item.points.map_or(0, |points| points - 1);
        }
        if item.kind != Kind::Pollopt {
            person.voted += item.voted().score;
        }
    }
    people
}

async fn accounts(tx: &mut Tx, open: &[(&String, String)]) -> Result<HashMap<String, Account>> {
    let mut found = HashMap::with_capacity(open.len());
    for open in open.chunks(IDS) {
        let query = tx.sql(
            "select id, lower(name) as name, source is not null as imported \
             from users where lower(name) in ",
        );
        let names = || open.iter().map(|(_, tried)| tried.as_str());
        // Names in pending requests and earlier names of members are reserved.
        let query = query
            .list(names())
            .push(
                " union all select 0, lower(name), false from signup_requests where decision is null and \
                   lower(name) in ",
            )
            .list(names())
            .push(" union all select 0, lower(name), false from held_names where lower(name) in ")
            .list(names());
        let rows: Vec<Account> = query.fetch_all().await?;
        found.extend(rows.into_iter().map(|row| (row.name.clone(), row)));
    }
    Ok(found)
}

/// Adds karma to imported accounts and moves their creation back.
async fn update_accounts(tx: &mut Tx, theirs: &[(&String, UserId, &ImportedUser<'_>)]) -> Result<()> {
    for theirs in theirs.chunks(ROWS) {
        let query =
            tx.sql("with more (id, since, karma, voted) as (").values(theirs, |row, (_, id, person)| {
                row.bind(*id).bind(person.since).bind(person.karma).bind(person.voted);
            });
        let query = query.push(
            ") update users set karma = users.karma + more.karma + more.voted, karma_base = users.karma_base \
             + more.karma, \
             created_at = case when more.since < users.created_at then more.since else users.created_at end \
             from more where users.id = more.id",
        );
        query.execute().await?;
    }
    Ok(())
}

/// Creates accounts that nobody can log in to until claimed.
async fn make_accounts(
    tx: &mut Tx,
    absent: &[(&String, String, String, &ImportedUser<'_>)],
    ids: &mut HashMap<String, UserId>,
) -> Result<()> {
    for absent in absent.chunks(ROWS) {
        let query = tx.sql("insert into users (name, karma, karma_base, created_at, source) ");
        let query = query.values(absent, |row, (_, _, here, person)| {
            let karma = person.karma + 1;
            row.bind(here.as_str()).bind(karma + person.voted).bind(karma).bind(person.since).bind(SOURCE);
        });
        let made: Vec<(String, UserId)> = query.push(" returning lower(name), id").fetch_all().await?;
        let made: HashMap<String, UserId> = made.into_iter().collect();
        for (key, tried, _, _) in absent {
            if let Some(id) = made.get(tried) {
                ids.insert((*key).clone(), *id);
            }
        }
    }
    Ok(())
}
