//! Creating, revoking and accepting invitations.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::CACHE_CONTROL;

use crate::clock::Timestamp;
use crate::domain::accounts::signup::{InvitationError, SignUpError, SignUpOutcome, invitations_of};
use crate::domain::accounts::token::{self, Token};
use crate::domain::limits::rate_limits::LimitedAction;
use crate::domain::time::relative_time;
use crate::store::{self, Invitation};
use crate::web::error::Error;
use crate::web::extract::client_ip::ClientIp;
use crate::web::extract::form::{Form, FormErrors};
use crate::web::extract::local_redirect::LocalRedirect;
use crate::web::extract::path::Path;
use crate::web::extract::session::{CurrentMember, MaybeMember};
use crate::web::handlers::accounts::profile;
use crate::web::handlers::accounts::signup::{self, SignupContext, SignupFlow, SignupForm};
use crate::web::rate_limit;
use crate::web::state::App;
use crate::web::view::layout::{Page, html_with};
use crate::web::view::pagination::{EmptyState, PageCursor, Tab, next_page};

const ROWS: usize = 50;
/// One row more tells whether there is a next page.
const LIMIT: i64 = 51;

struct InvitationView {
    id: i64,
    open: bool,
    used_by: Option<String>,
    state: String,
}

impl InvitationView {
    fn new(invitation: Invitation, now: Timestamp) -> InvitationView {
        let Invitation { id, expires_at, used_by, revoked_at, asked } = invitation;
        let ended = expires_at <= now;
        let state = match (&used_by, revoked_at) {
            (Some(_), _) => "used by".to_owned(),
            (None, Some(at)) => format!("withdrawn on {}", relative_time::day(at)),
            (None, None) if asked => "used for a request that awaits approval".to_owned(),
            (None, None) if ended => format!("expired on {}", relative_time::day(expires_at)),
            (None, None) => format!("open until {}", relative_time::day(expires_at)),
        };
        InvitationView { id, open: used_by.is_none() && revoked_at.is_none() && !ended, used_by, state }
    }
}

/// A new invitation; its link is shown only once.
struct NewInvitation {
    id: i64,
    link: String,
    last_day: String,
}

#[derive(Template)]
#[template(path = "accounts/invitations.html")]
struct InvitationsPage<'a> {
    page: Page<'a>,
    choices: Vec<Tab>,
    invitations: Vec<InvitationView>,
    more: Option<String>,
    empty: EmptyState,
    made: Option<NewInvitation>,
    refusal: Option<InvitationError>,
    errors: FormErrors,
}

async fn page(
    app: &App,
    asking: &CurrentMember,
    at: PageCursor,
    made: Option<NewInvitation>,
    errors: FormErrors,
) -> Result<Response, Error> {
    let CurrentMember { viewer, member } = asking;
    let mut listed = app.store.invitations(member.id, at.before(), LIMIT).await?;
    let more = next_page(&mut listed, ROWS, "/invitations", |last| [("before", last.id)]);
    let page = Page::new(app, viewer, "user", "Invitations");
    let page = InvitationsPage {
        choices: profile::tabs(&page, &member.name, true, "invitations"),
        page,
        invitations: listed.into_iter().map(|row| InvitationView::new(row, viewer.now)).collect(),
        more,
        empty: EmptyState::plain("You have not invited anyone yet.").on(at.is_first(), "/invitations"),
        made,
        refusal: invitations_of(member, viewer.settings.signup_mode, &viewer.settings.policy, viewer.now)
            .err(),
        errors,
    };
    Ok(html_with(page.errors.status(), &page))
}

/// `GET /invitations`
pub async fn list(
    State(app): State<App>,
    asking: CurrentMember,
    Query(at): Query<PageCursor>,
) -> Result<Response, Error> {
    page(&app, &asking, at, None, FormErrors::default()).await
}

/// `POST /invitations`: the only response with the new link.
pub async fn create(
    State(app): State<App>,
    asking: CurrentMember,
    from: ClientIp,
) -> Result<Response, Error> {
    let CurrentMember { member, viewer } = &asking;
    let (settings, now) = (&viewer.settings, viewer.now);
    let most =
        invitations_of(member, settings.signup_mode, &settings.policy, now).map_err(Error::forbidden)?;
    if let Err(held) = app.limits.check(LimitedAction::Invitation, member, from.ip(), &settings.policy, now) {
        let page =
            page(&app, &asking, PageCursor::default(), None, FormErrors::rate_limited(&held, &held)).await?;
        return Ok(rate_limit::with_status(page, &held));
    }
    let token = Token::random().map_err(Error::internal)?;
    let expires_at = now.plus(settings.policy.invitation_ttl_days.seconds());
    match app.store.invite(member.id, &token.hash(), expires_at, most, now).await {
        Ok(id) => {
            let link = format!("{}/invitation/{}", app.config.base_url, token.as_str());
            let made = NewInvitation { id, link, last_day: relative_time::day(expires_at) };
            let shown = page(&app, &asking, PageCursor::default(), Some(made), FormErrors::default()).await?;
            Ok(([(CACHE_CONTROL, "no-store")], shown).into_response())
        }
        Err(store::Error::Conflict) => {
            page(&app, &asking, PageCursor::default(), None, FormErrors::one("", InvitationError::Enough))
                .await
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /invitations/{id}/end`: revokes an invitation.
pub async fn end(
    State(app): State<App>,
    asking: CurrentMember,
    Path(id): Path<i64>,
) -> Result<Response, Error> {
    match app.store.take_back_invitation(id, asking.member.id, asking.viewer.now).await {
        Ok(()) | Err(store::Error::Conflict) => Ok(LocalRedirect::new("/invitations").redirect()),
        Err(error) => Err(error.into()),
    }
}

/// `GET /invitation/{token}`
pub async fn open(
    State(app): State<App>,
    viewer: MaybeMember,
    Path(token): Path<String>,
) -> Result<Response, Error> {
    let answer = match open_invitation(&app, &viewer, &token).await? {
        OpenedInvitation::Closed(status, why) => signup::signup_closed(&app, &viewer, status, why),
        OpenedInvitation::Open(way, inviter) => {
            let action = format!("/invitation/{token}");
            let entrance = SignupFlow { action: &action, way, invitation: Some((&token, &inviter)) };
            signup::form(&app, &viewer, entrance, &SignupForm::default(), FormErrors::default())
        }
    };
    Ok(([(CACHE_CONTROL, "no-store")], answer).into_response())
}

/// `POST /invitation/{token}`
pub async fn accept(
    State(app): State<App>,
    newcomer: SignupContext,
    Path(token): Path<String>,
    Form(typed): Form<SignupForm>,
) -> Result<Response, Error> {
    match open_invitation(&app, &newcomer.viewer, &token).await? {
        OpenedInvitation::Closed(status, why) => {
            Ok(signup::refused(&app, &newcomer.viewer, (status, why), &typed))
        }
        OpenedInvitation::Open(way, inviter) => {
            let action = format!("/invitation/{token}");
            let entrance = SignupFlow { action: &action, way, invitation: Some((&token, &inviter)) };
            signup::enter(&app, &newcomer, entrance, &typed).await
        }
    }
}

enum OpenedInvitation {
    /// What the link leads to, and the inviter's name.
    Open(SignUpOutcome, String),
    Closed(StatusCode, SignUpError),
}

async fn open_invitation(app: &App, viewer: &MaybeMember, token: &str) -> Result<OpenedInvitation, Error> {
    let refuse = |status, why| Ok(OpenedInvitation::Closed(status, why));
    let way = match viewer.settings.signup_mode.way(true, &viewer.settings.policy) {
        Ok(way) => way,
        Err(why) => return refuse(StatusCode::FORBIDDEN, why),
    };
    match app.store.inviter(&token::hash(token), viewer.now).await? {
        None => refuse(StatusCode::NOT_FOUND, SignUpError::Over),
        Some(_) if viewer.member.is_some() => refuse(StatusCode::FORBIDDEN, SignUpError::Member),
        Some(inviter) => Ok(OpenedInvitation::Open(way, inviter.name)),
    }
}
