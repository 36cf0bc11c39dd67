//! What the site says, where more than one test needs it. The words themselves are asserted in one place each.

use std::fmt::Display;

use axum::http::StatusCode;

use crate::page::Page;

/// Fails unless the page refuses with this status and gives this reason, which is the domain's own.
#[track_caller]
pub fn refused(page: &Page, status: StatusCode, why: impl Display) {
    assert_eq!(page.status, status, "{}", page.text());
    assert!(page.says(&why.to_string()), "“{why}” is not said in {}", page.text());
}
