//! What members have for themselves: the inbox, and threads without what they muted.

use crate::load::{BROWSER, Connection, Request};
use crate::results::{Results, Row};
use crate::site::{Site, name};
use crate::table::MEMBER;
use crate::turns::{Contestant, Plan, in_turn};

/// The rows' names.
pub const INBOX: &str = "inbox of 120 rows";
pub const MUTING: &str = "3,000-comment thread, member with 50 muted words";

const ROWS: usize = 120;
const WORDS: usize = 50;
/// Members whom no other measurement knows.
const ANSWERED: usize = 20_000;
const MUTES: usize = 20_001;
const MUTES_NOTHING: usize = 20_002;

pub fn measure(site: &Site, plan: &Plan, results: &mut Results) {
    inbox(site, plan, results);
    muting(site, plan, results);
}

/// The first page of an inbox, which mentions filled.
fn inbox(site: &Site, plan: &Plan, results: &mut Results) {
    let reader = site.member(ANSWERED);
    let mut connection = Connection::open(site.server.port);
    let text = format!("@{} What did the city pay for the second survey?", name(ANSWERED));
    for nth in 0..ROWS {
        let by = &site.members[nth % site.members.len()];
        connection.ask(&Request::comment(by, site.stories[2 + nth % 20], &text));
    }
    let scripts = MEMBER.map(|(_, encoding)| [vec![Request::get("/inbox", Some(&reader), encoding, None)]]);
    let contestants = scripts.iter().map(|script| Contestant::http(&site.server, script)).collect();
    for ((form, _), measured) in MEMBER.iter().zip(in_turn(contestants, plan)) {
        results.add(Row::rate(format!("{INBOX}, member, {form}"), "req/s", &measured));
    }
}

/// A long thread for a member with muted words that stand nowhere in it, compared with one without.
fn muting(site: &Site, plan: &Plan, results: &mut Results) {
    let (reader, other) = (site.member(MUTES), site.member(MUTES_NOTHING));
    let mut connection = Connection::open(site.server.port);
    for nth in 0..WORDS {
        connection.ask(&Request::mute_word(&reader, &format!("nowhere{nth}")));
    }
    let path = format!("/item/{}", site.stories[1]);
    let script = |session: &str| [vec![Request::get(&path, Some(session), BROWSER, None)]];
    let scripts = [script(&reader), script(&other)];
    let contestants = scripts.iter().map(|script| Contestant::http(&site.server, script)).collect();
    let measured = in_turn(contestants, plan);
    results.add(Row::new(MUTING, "ms CPU", measured[0].cpu_ms).against(measured[1].cpu_ms));
}
