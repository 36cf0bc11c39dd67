//! The page on which a refused form stands again.

use askama::Template;
use axum::response::Response;

use crate::web::page::{Page, html};
use crate::web::recovered_form::SavedForm;

#[derive(Template)]
#[template(path = "form_recovery.html")]
struct FormRecoveryPage<'a> {
    page: Page<'a>,
    form: &'a SavedForm,
    why: Option<&'a str>,
}

/// A form with what was typed, of which nothing has been sent; and why not, where that is not the log-in.
pub fn page(page: Page<'_>, form: &SavedForm, why: Option<&str>) -> Response {
    html(&FormRecoveryPage { page, form, why })
}
