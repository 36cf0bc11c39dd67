use axum::extract::State;
use axum::response::Response;

use super::{UserAction, UserActionForm};
use crate::domain::accounts::totp::may_clear;
use crate::domain::moderation::action::Action;
use crate::store;
use crate::web::error::Error;
use crate::web::extract::path::Path;
use crate::web::extract::session::Moderator;
use crate::web::state::App;

/// `POST /user/{name}/clear-two-factor`: ends it after three days, unless the owner stops it.
pub async fn clear(
    State(app): State<App>,
    moderator: Moderator,
    Path(name): Path<String>,
) -> Result<Response, Error> {
    let asked = UserAction::open(&app, &moderator, &name).await?;
    may_clear(&moderator.member, asked.user.id).map_err(Error::forbidden)?;
    match app.store.clear_totp(asked.user.id, asked.context("")).await {
        Ok(()) => Ok(asked.done(Action::ClearTwoFactor)),
        Err(store::Error::Conflict) => {
            asked
                .late(UserActionForm::default(), |user| {
                    format!("{} has no second factor, or it is being cleared already.", user.name)
                })
                .await
        }
        Err(error) => Err(error.into()),
    }
}
