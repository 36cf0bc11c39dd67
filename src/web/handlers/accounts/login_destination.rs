//! What a log-in leads to, carried through each of its forms.

use axum::response::{IntoResponse, Response};

use crate::web::error::Error;
use crate::web::extract::local_redirect::LocalRedirect;
use crate::web::extract::recovered_form::{Fields, SavedForm};
use crate::web::extract::session::{MaybeMember, StartedSession};
use crate::web::handlers::accounts::signup::SignupContext;
use crate::web::handlers::votes::pending_vote::PendingVote;
use crate::web::state::App;
use crate::web::view::form_recovery;
use crate::web::view::layout::Page;

#[derive(Default)]
pub struct LoginDestination {
    pub goto: LocalRedirect,
    pub pending: Option<PendingVote>,
    /// A refused form, carried through the log-in.
    pub saved: Option<SavedForm>,
}

/// Takes a field out of a form; empty if it is not there.
pub fn take(form: &mut Fields, field: &str) -> String {
    let at = form.iter().position(|(name, _)| name == field);
    at.map(|at| form.remove(at).1).unwrap_or_default()
}

impl LoginDestination {
    pub fn take(form: &mut Fields) -> LoginDestination {
        let goto = LocalRedirect::new(&take(form, "goto"));
        let pending = PendingVote::parse(&take(form, "vote"), &take(form, "dir"));
        LoginDestination { goto, pending, saved: SavedForm::take(form) }
    }

    /// Redirects to the recovered form, the pending vote or the previous page.
    pub async fn reach(&self, app: &App, comer: &SignupContext, begun: StartedSession) -> Response {
        let page = match (&self.saved, self.pending) {
            _ if begun.viewer.banned.is_some() => self.closed(&begun.viewer),
            (Some(saved), _) => {
                let mut page = Page::new(app, &begun.viewer, "", "Logged in again");
                page.robots = false;
                form_recovery::page(page, saved, None)
            }
            (None, Some(pending)) => match comer.context_of(&begun.viewer) {
                Some(context) => pending.cast(app, &context, &self.goto).await.redirect(),
                None => pending.not_cast().redirect(),
            },
            (None, None) => self.goto.redirect(),
        };
        begun.with(page)
    }

    /// Leads a banned member to why they are; if something was typed, says so, and the error page shows it.
    fn closed(&self, viewer: &MaybeMember) -> Response {
        match (&self.saved, &viewer.banned) {
            (Some(_), Some(banned)) => Error::forbidden(banned.sentence(viewer.now)).into_response(),
            _ => Error::Banned.into_response(),
        }
    }
}
