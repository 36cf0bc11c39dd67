//! The navigation bar of the moderators' pages.

use crate::domain::accounts::user::{Member, Role};
use crate::web::view::pagination::Tab;

/// The pages in order: label, address and required role.
const PAGES: [(&str, &str, Role); 12] = [
    ("queue", "/mod", Role::Moderator),
    ("new accounts", "/mod/new", Role::Moderator),
    ("requests", "/mod/requests", Role::Moderator),
    ("messages", "/mod/messages", Role::Moderator),
    ("sites", "/mod/sites", Role::Moderator),
    ("rules", "/mod/rules", Role::Moderator),
    ("votes", "/mod/votes", Role::Moderator),
    ("team", "/mod/team", Role::Admin),
    ("mail", "/mod/mail", Role::Admin),
    ("settings", "/mod/settings", Role::Admin),
    ("pages", "/mod/pages", Role::Admin),
    ("log", "/log", Role::Moderator),
];

/// The bar for the page labelled `here`, for `moderation/_tabs.html`.
pub fn bar(moderator: &Member, here: &str) -> Vec<Tab> {
    let open = PAGES.iter().filter(|(_, _, role)| moderator.role >= *role);
    open.map(|(name, href, _)| Tab {
        name: (*name).to_owned(),
        href: (*href).to_owned(),
        current: *name == here,
    })
    .collect()
}
