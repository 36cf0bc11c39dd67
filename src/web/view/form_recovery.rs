//! The page on which a refused form stands again.

use askama::Template;
use axum::response::Response;

use crate::web::extract::recovered_form::SavedForm;
use crate::web::view::layout::{Page, html};

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
