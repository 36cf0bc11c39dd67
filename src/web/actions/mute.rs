//! Muting people, sites, words and threads.

use crate::domain::accounts::mutes::{Mute, MuteError, MuteKind};
use crate::domain::accounts::user::{Member, Name};
use crate::domain::items::item::ItemId;
use crate::store;
use crate::web::actions::visible_item;
use crate::web::error::Error;
use crate::web::extract::session::CurrentMember;
use crate::web::state::App;

pub enum MuteOutcome {
    Done,
    Invalid(String),
}

/// What the form names; `Err` says why it cannot be muted.
async fn named(
    app: &App,
    member: &Member,
    kind: MuteKind,
    typed: &str,
) -> Result<Result<Mute, MuteError>, Error> {
    Ok(match kind {
        MuteKind::Site => Mute::site(typed),
        MuteKind::Word => Mute::word(typed),
        MuteKind::Thread => Ok(Mute::Thread(visible_item(app, thread(typed)?, member).await?.root_id)),
        MuteKind::Person => match user_named(app, typed).await? {
            Ok(Mute::Person(id)) if id == member.id => Err(MuteError::Yourself),
            named => named,
        },
    })
}

fn thread(typed: &str) -> Result<ItemId, Error> {
    typed.parse().map_err(|_| Error::bad("That is not the number of a story."))
}

async fn user_named(app: &App, typed: &str) -> Result<Result<Mute, MuteError>, Error> {
    let Ok(name) = Name::parse_by_operator(typed) else { return Ok(Err(MuteError::NoName)) };
    match app.store.profile(name.as_str()).await {
        Ok(profile) => Ok(Ok(Mute::Person(profile.id))),
        Err(store::Error::NotFound) => Ok(Err(MuteError::Nobody)),
        Err(error) => Err(error.into()),
    }
}

pub async fn mute(
    app: &App,
    asking: &CurrentMember,
    kind: MuteKind,
    typed: &str,
) -> Result<MuteOutcome, Error> {
    let mute = match named(app, &asking.member, kind, typed).await? {
        Ok(mute) => mute,
        Err(invalid) => return Ok(MuteOutcome::Invalid(invalid.to_string())),
    };
    match app.store.mute(asking.member.id, &mute, asking.viewer.now).await {
        Ok(()) => Ok(MuteOutcome::Done),
        Err(store::Error::Refused(full)) => Ok(MuteOutcome::Invalid(full)),
        Err(error) => Err(error.into()),
    }
}

/// Also what the member can no longer see; nothing happens to what is not muted.
pub async fn unmute(app: &App, asking: &CurrentMember, kind: MuteKind, typed: &str) -> Result<(), Error> {
    let muted = match kind {
        MuteKind::Person => user_named(app, typed).await?.ok(),
        MuteKind::Thread => Some(Mute::Thread(thread(typed)?)),
        MuteKind::Site | MuteKind::Word => Mute::stored(kind, typed),
    };
    match muted {
        Some(muted) => Ok(app.store.unmute(asking.member.id, &muted).await?),
        None => Ok(()),
    }
}
