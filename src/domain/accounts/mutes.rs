//! What a member does not want to see: people, sites, words and threads. Lists, threads and the inbox ask
//! [`Mutes::matching`], and so must feeds and mail made for a member.

use std::collections::HashSet;

use crate::domain::accounts::user::UserId;
use crate::domain::items::item::{Item, ItemId};
use crate::domain::text::phrases::{self, PhraseSet};
use crate::domain::url;

pub const MAX_MUTES: usize = 200;
pub const MAX_MUTED_WORDS: usize = 100;
/// Of a word or phrase, in characters.
pub const SHORTEST_WORD: usize = 2;
pub const LONGEST_WORD: usize = 60;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum MuteKind {
    Person,
    Site,
    Word,
    Thread,
}

impl MuteKind {
    pub const ALL: [MuteKind; 4] = [MuteKind::Person, MuteKind::Site, MuteKind::Word, MuteKind::Thread];

    pub fn parse(s: &str) -> Option<MuteKind> {
        MuteKind::ALL.into_iter().find(|kind| kind.as_str() == s)
    }

    pub fn as_str(self) -> &'static str {
        match self {
            MuteKind::Person => "person",
            MuteKind::Site => "site",
            MuteKind::Word => "word",
            MuteKind::Thread => "thread",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Mute {
    Person(UserId),
    /// As stories are listed: `github.com`, or `github.com/rust-lang` alone.
    Site(String),
    /// Folded words with single spaces.
    Word(String),
    /// By its root.
    Thread(ItemId),
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MuteError {
    #[error("Enter a site as it is shown next to stories, such as example.com or github.com/rust-lang.")]
    NotASite,
    #[error(
        "Enter a word or phrase of {SHORTEST_WORD} to {LONGEST_WORD} letters and digits. Whole words are \
         found, and punctuation is ignored."
    )]
    NotAWord,
    #[error("Enter a name as it is shown next to posts.")]
    NoName,
    #[error("Nobody here has that name. Check its spelling.")]
    Nobody,
    #[error("You cannot mute yourself: your own posts are always shown to you.")]
    Yourself,
    #[error("You have muted {MAX_MUTES} things, which is the limit. Unmute something first.")]
    Full,
    #[error("You have muted {MAX_MUTED_WORDS} words, which is the limit. Unmute one first.")]
    TooManyWords,
}

impl Mute {
    pub fn site(typed: &str) -> Result<Mute, MuteError> {
        let is_site = |site: &String| url::is_registered(site.split('/').next().unwrap_or(site));
        url::from_param(typed).filter(is_site).map(Mute::Site).ok_or(MuteError::NotASite)
    }

    pub fn word(typed: &str) -> Result<Mute, MuteError> {
        let folded = phrases::fold(typed);
        let word = phrases::words_of(&folded).collect::<Vec<_>>().join(" ");
        let is_allowed = (SHORTEST_WORD..=LONGEST_WORD).contains(&word.chars().count());
        if is_allowed { Ok(Mute::Word(word)) } else { Err(MuteError::NotAWord) }
    }

    /// Reads what [`Mute::value`] stored.
    pub fn stored(kind: MuteKind, value: &str) -> Option<Mute> {
        Some(match kind {
            MuteKind::Person => Mute::Person(UserId(value.parse().ok()?)),
            MuteKind::Site => Mute::Site(value.to_owned()),
            MuteKind::Word => Mute::Word(value.to_owned()),
            MuteKind::Thread => Mute::Thread(value.parse().ok()?),
        })
    }

    pub fn kind(&self) -> MuteKind {
        match self {
            Mute::Person(_) => MuteKind::Person,
            Mute::Site(_) => MuteKind::Site,
            Mute::Word(_) => MuteKind::Word,
            Mute::Thread(_) => MuteKind::Thread,
        }
    }

    pub fn value(&self) -> String {
        match self {
            Mute::Person(id) => id.0.to_string(),
            Mute::Site(value) | Mute::Word(value) => value.clone(),
            Mute::Thread(id) => id.to_string(),
        }
    }
}

/// Where items are shown. A page of what is muted shows it to a member who goes there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MuteScope<'a> {
    /// Among others: lists, search, the inbox, feeds and mail.
    Lists,
    PageOfPerson(UserId),
    PageOfSite(&'a str),
    /// The comments of a thread's own page.
    InThread,
}

/// A member's mutes, indexed.
#[derive(Debug, Clone, Default)]
pub struct Mutes {
    /// Whose they are, and whose posts they never concern.
    owner: Option<UserId>,
    all: Vec<Mute>,
    people: HashSet<UserId>,
    sites: HashSet<String>,
    threads: HashSet<ItemId>,
    words: PhraseSet,
}

impl PartialEq for Mutes {
    fn eq(&self, other: &Mutes) -> bool {
        (self.owner, &self.all) == (other.owner, &other.all)
    }
}

impl Mutes {
    pub fn new(owner: UserId, all: Vec<Mute>) -> Mutes {
        let mut mutes = Mutes { owner: Some(owner), ..Mutes::default() };
        let mut words = Vec::new();
        for mute in &all {
            match mute {
                Mute::Person(id) => mutes.people.extend([*id]),
                Mute::Site(site) => mutes.sites.extend([site.clone()]),
                Mute::Thread(root) => mutes.threads.extend([*root]),
                Mute::Word(word) => words.push(word.split(' ').map(str::to_owned).collect::<Vec<_>>()),
            }
        }
        mutes.words = PhraseSet::new(words.iter().map(Vec::as_slice).enumerate());
        Mutes { all, ..mutes }
    }

    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = &Mute> {
        self.all.iter()
    }

    /// Whose they are, and whose posts they never concern.
    pub fn owner(&self) -> Option<UserId> {
        self.owner
    }

    /// Approximate memory.
    pub fn bytes(&self) -> usize {
        let words: usize = self.all.iter().map(|mute| mute.value().len()).sum();
        self.all.len().saturating_mul(192).saturating_add(words.saturating_mul(3))
    }

    pub fn contains(&self, mute: &Mute) -> bool {
        self.all.contains(mute)
    }

    /// Whether the comments of threads depend on it.
    pub fn concern_comments(&self) -> bool {
        !self.people.is_empty() || !self.words.is_empty()
    }

    /// By what a post is muted that a list shows with the title of its story; that of an own post is shown.
    pub fn matching_with_root(
        &self,
        post: &Item,
        root: Option<&Item>,
        scope: MuteScope<'_>,
    ) -> Option<MuteKind> {
        let root = root.filter(|_| post.author_id.is_none() || post.author_id != self.owner);
        self.matching(post, scope).or_else(|| root.and_then(|root| self.matching(root, scope)))
    }

    /// By what an item is muted. Words are sought in a story's title and in a comment's text as it was typed.
    pub fn matching(&self, item: &Item, scope: MuteScope<'_>) -> Option<MuteKind> {
        if self.is_empty() || (item.author_id.is_some() && item.author_id == self.owner) {
            return None;
        }
        if item.author_id.is_some_and(|author| self.has_person(author, scope)) {
            return Some(MuteKind::Person);
        }
        if scope != MuteScope::InThread && self.threads.contains(&item.root_id) {
            return Some(MuteKind::Thread);
        }
        if item.site.as_deref().is_some_and(|site| self.has_site(site, scope)) {
            return Some(MuteKind::Site);
        }
        let text = if item.kind.is_root() { item.title.as_deref().unwrap_or_default() } else { &item.text };
        (!self.words.is_empty() && self.words.is_in(text)).then_some(MuteKind::Word)
    }

    fn has_person(&self, author: UserId, scope: MuteScope<'_>) -> bool {
        scope != MuteScope::PageOfPerson(author) && self.people.contains(&author)
    }

    /// A site is muted by its own name or by that of the shared host that it is a part of.
    fn has_site(&self, site: &str, scope: MuteScope<'_>) -> bool {
        let host = site.split('/').next().unwrap_or(site);
        let is_muted = |name: &str| scope != MuteScope::PageOfSite(name) && self.sites.contains(name);
        is_muted(site) || (host != site && is_muted(host))
    }
}

#[cfg(test)]
mod tests;
