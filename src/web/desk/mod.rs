//! The moderators' desk. A page of it is a line in [`PAGES`]; its handler stands in a file beside this one.

mod acts;
mod history;
mod judged;
mod last;
mod newcomers;
pub mod person;
mod queue;
mod requests;
mod rules;
mod sites;
mod team;
mod votes;

pub use acts::{Acts, clear, detach, kill, lock, merge, pin, second_chance, show as moderate};
pub use history::show as history;
pub use judged::Judged;
pub use last::Last;
pub use newcomers::show as newcomers;
pub use queue::show as queue;
pub use requests::{decide as decide_request, list as requests};
pub use rules::{create as try_rule, drop as drop_rule, list as rules};
pub use sites::{SiteDesk, list as sites, refusal, set as set_stance};
pub use team::{create as give_role, list as team, update as change_role};
pub use votes::show as votes;

use crate::domain::user::{Member, Role};
use crate::web::news::Choice;

/// The desk's pages in the order of its bar: how each is called there, its address, and who may open it.
const PAGES: [(&str, &str, Role); 8] = [
    ("queue", "/mod", Role::Moderator),
    ("new accounts", "/mod/new", Role::Moderator),
    ("requests", "/mod/requests", Role::Moderator),
    ("sites", "/mod/sites", Role::Moderator),
    ("rules", "/mod/rules", Role::Moderator),
    ("votes", "/mod/votes", Role::Moderator),
    ("team", "/mod/team", Role::Admin),
    ("log", "/log", Role::Moderator),
];

/// The desk's bar on the page called `here`, for `_mod.html`.
pub fn bar(moderator: &Member, here: &str) -> Vec<Choice> {
    let open = PAGES.iter().filter(|(_, _, role)| moderator.role >= *role);
    open.map(|(name, href, _)| Choice { name: (*name).to_owned(), href: (*href).to_owned(), current: *name == here })
        .collect()
}
