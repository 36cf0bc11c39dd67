//! Texts of the site used by several tests; each is asserted in one place.

use std::fmt::Display;

use axum::http::StatusCode;

use crate::support::page::Page;

/// Why a dead post is not shown to somebody who may not know more.
pub const OUT_OF_SIGHT: &str = "Members’ flags, a rule or a moderator killed this.";
/// What mia's kill for spam says.
pub const KILLED_BY_MIA: &str = "mia killed this. Reason: spam.";

/// What whoever is banned for spam reads.
pub const BANNED_FOR_SPAM: &str = "This account is banned: spam.";
/// What somebody reads who is turned away for a moment.
pub const BUSY: &str = "very busy right now";

/// Fails unless the page refuses with this status and gives this reason, which is the domain's own.
#[track_caller]
pub fn refused(page: &Page, status: StatusCode, why: impl Display) {
    assert_eq!(page.status, status, "{}", page.text());
    assert!(page.says(&why.to_string()), "“{why}” is not said in {}", page.text());
}
