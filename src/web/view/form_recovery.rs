//! The recovery page of a refused form.

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

/// Shows a saved form; `why` is `None` after a log-in.
pub fn page(page: Page<'_>, form: &SavedForm, why: Option<&str>) -> Response {
    html(&FormRecoveryPage { page, form, why })
}
