//! The bar of the desk's pages.

use crate::domain::accounts::user::{Member, Role};
use crate::web::view::pagination::Tab;

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

/// The desk's bar on the page called `here`, for `moderation/_tabs.html`.
pub fn bar(moderator: &Member, here: &str) -> Vec<Tab> {
    let open = PAGES.iter().filter(|(_, _, role)| moderator.role >= *role);
    open.map(|(name, href, _)| Tab {
        name: (*name).to_owned(),
        href: (*href).to_owned(),
        current: *name == here,
    })
    .collect()
}
