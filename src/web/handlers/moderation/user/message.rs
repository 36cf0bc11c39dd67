//! Writing to a member.

use axum::extract::State;
use axum::response::Response;

use super::{UserAction, UserActionForm};
use crate::domain::conversations;
use crate::domain::moderation::action::Action;
use crate::domain::moderation::sanctions;
use crate::web::error::Error;
use crate::web::extract::form::FormErrors;
use crate::web::extract::path::Path;
use crate::web::extract::recovered_form::RecoverableForm;
use crate::web::extract::session::Moderator;
use crate::web::state::App;

/// `POST /user/{name}/message`: begins a conversation with them.
pub async fn create(
    State(app): State<App>,
    Path(name): Path<String>,
    RecoverableForm { asking: moderator, typed }: RecoverableForm<UserActionForm, Moderator>,
) -> Result<Response, Error> {
    let asked = UserAction::open(&app, &moderator, &name).await?;
    sanctions::may_warn(&asked.user).map_err(Error::forbidden)?;
    let text = match conversations::message(&typed.message) {
        Ok(text) => text,
        Err(mistake) => return asked.page(typed, FormErrors::one("message", mistake), None).await,
    };
    app.store.write_to_member(asked.user.id, &text, asked.context("")).await?;
    Ok(asked.done(Action::Answer))
}
