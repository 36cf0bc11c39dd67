use proptest::prelude::*;

use super::*;
use crate::clock::Timestamp;
use crate::domain::items::item::Kind;

const OWNER: UserId = UserId(1);

fn item(kind: Kind, author: i64, words: &str, site: Option<&str>) -> Item {
    let is_root = kind.is_root();
    Item {
        id: ItemId(if is_root { 10 } else { 11 }),
        kind,
        author_id: Some(UserId(author)),
        author: None,
        author_created: None,
        time: Timestamp(0),
        rank_time: Timestamp(0),
        visible_at: Timestamp(0),
        edited_at: None,
        parent_id: None,
        root_id: ItemId(10),
        depth: 0,
        import_rank: None,
        title: is_root.then(|| words.to_owned()),
        url: None,
        site: site.map(str::to_owned),
        section: None,
        text: if is_root { String::new() } else { words.to_owned() },
        version: 0,
        score: 1,
        ups: 0,
        downs: 0,
        descendants: 0,
        deleted_at: None,
        dead: None,
        locked: false,
        flags: 0,
        vouches: 0,
        cleared: false,
        merged_into: None,
        pinned: None,
        imported: false,
    }
}

fn story(author: i64, title: &str, site: Option<&str>) -> Item {
    item(Kind::Story, author, title, site)
}

fn comment(author: i64, text: &str) -> Item {
    item(Kind::Comment, author, text, None)
}

fn muted(all: Vec<Mute>, item: &Item, scope: MuteScope<'_>) -> Option<MuteKind> {
    Mutes::new(OWNER, all).matching(item, scope)
}

#[test]
fn each_kind_of_mute_hides_what_it_is_about_where_it_applies() {
    use MuteScope::{InThread, Lists, PageOfPerson, PageOfSite};
    let person = || Mute::Person(UserId(2));
    let thread = || Mute::Thread(ItemId(10));
    let site = |name: &str| Mute::site(name).expect("a site");
    let word = |word: &str| Mute::word(word).expect("a word");
    let rust = Some("github.com/rust-lang");
    let (people, sites, words, threads) =
        (Some(MuteKind::Person), Some(MuteKind::Site), Some(MuteKind::Word), Some(MuteKind::Thread));
    for (mute, item, scope, expected) in [
        (person(), story(2, "A story", None), Lists, people),
        (person(), comment(2, "Words."), Lists, people),
        (person(), comment(2, "Words."), InThread, people),
        (person(), comment(2, "Words."), PageOfPerson(UserId(2)), None),
        (person(), comment(2, "Words."), PageOfSite("example.com"), people),
        (person(), comment(3, "Words."), Lists, None),
        (thread(), story(2, "A story", None), Lists, threads),
        (thread(), comment(2, "Words."), Lists, threads),
        (thread(), comment(2, "Words."), InThread, None),
        (site("github.com"), story(2, "A story", rust), Lists, sites),
        (site("https://www.GitHub.com/Rust-Lang/rust"), story(2, "A story", rust), Lists, sites),
        (site("github.com/rust"), story(2, "A story", rust), Lists, None),
        (site("hub.com"), story(2, "A story", rust), Lists, None),
        (site("github.com"), story(2, "A story", rust), PageOfSite("github.com"), None),
        (site("github.com/rust-lang"), story(2, "A story", rust), PageOfSite("github.com"), sites),
        (word("Rust"), story(2, "On RUST.", None), Lists, words),
        (word("rust"), story(2, "On trust and rusty things", None), Lists, None),
        (word("rust"), comment(2, "I like *Rust*!"), InThread, words),
        (word("hard  fork"), comment(2, "A hard-fork is hard."), Lists, words),
        (word("hard fork"), comment(2, "It is hard. Take a fork."), Lists, None),
        (word("便宜"), comment(2, "买便宜药"), Lists, words),
        (word("straße"), comment(2, "IN DER STRASSE"), Lists, words),
        (word("café"), comment(2, "A CAFE\u{301}"), Lists, words),
    ] {
        let said = format!("{mute:?} on {item:?} in {scope:?}");
        assert_eq!(muted(vec![mute.clone()], &item, scope), expected, "{said}");
        let own = Item { author_id: Some(OWNER), ..item };
        assert_eq!(muted(vec![mute], &own, scope), None, "own: {said}");
    }
}

#[test]
fn what_cannot_be_muted_is_refused() {
    for (typed, is_word) in [
        ("go", true),
        ("g", false),
        ("", false),
        ("c++", false),
        ("...", false),
        (&*"a".repeat(LONGEST_WORD), true),
        (&*"a".repeat(LONGEST_WORD + 1), false),
    ] {
        assert_eq!(Mute::word(typed).is_ok(), is_word, "{typed:?}");
    }
    for typed in ["", "two words", "javascript:alert(1)", "/"] {
        assert_eq!(Mute::site(typed), Err(MuteError::NotASite), "{typed:?}");
    }
}

proptest! {
    /// However it is written and wherever it stands, a muted word is found, and stored as it is read.
    #[test]
    fn a_muted_word_is_found_among_any_others(
        word in "[a-zA-Zäöé]{2,12}( [a-z]{2,9})?",
        before in "([a-z]{1,8} ){0,5}",
        after in "([ ,.!?-][a-z]{1,8}){0,5}",
    ) {
        let mute = Mute::word(&word).expect("a word");
        prop_assert_eq!(Mute::stored(mute.kind(), &mute.value()), Some(mute.clone()));
        prop_assert_eq!(Mute::word(&mute.value()), Ok(mute.clone()));
        let text = format!("{before}{}{after}", word.to_uppercase());
        prop_assert_eq!(muted(vec![mute], &comment(2, &text), MuteScope::Lists), Some(MuteKind::Word));
    }

    #[test]
    fn words_that_differ_are_not_muted(word in "[b-y]{2,12}", text in "([b-y]{1,14} ){0,9}") {
        let is_said = text.split(' ').any(|other| other == word);
        let mute = Mute::word(&word).expect("a word");
        prop_assert_eq!(muted(vec![mute], &comment(2, &text), MuteScope::Lists).is_some(), is_said);
    }
}
