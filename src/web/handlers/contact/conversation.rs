//! A conversation with the moderators, for its owner: a member, or whoever has the receipt.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::CACHE_CONTROL;
use serde::Deserialize;

use crate::domain::accounts::token;
use crate::domain::conversations::{ConversationId, MAX_MESSAGE_CHARS};
use crate::domain::text::plural::Grouped;
use crate::store::Conversation;
use crate::web::actions::contact::Sender;
use crate::web::error::Error;
use crate::web::extract::client_ip::ClientIp;
use crate::web::extract::form::{FormErrors, refused};
use crate::web::extract::local_redirect::LocalRedirect;
use crate::web::extract::path::Path;
use crate::web::extract::recovered_form::RecoverableForm;
use crate::web::extract::session::{CurrentMember, MaybeMember};
use crate::web::handlers::contact::view::{ConversationView, ReadBy};
use crate::web::state::App;
use crate::web::view::layout::{Page, html_with};

#[derive(Template)]
#[template(path = "contact/conversation.html")]
struct ConversationPage<'a> {
    page: Page<'a>,
    c: ConversationView,
    /// Its own address, to which messages are sent.
    here: &'a str,
    /// The full address, for somebody who comes back by it alone.
    keep: Option<String>,
    errors: FormErrors,
    typed: &'a MessageForm,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct MessageForm {
    text: String,
    /// Whether it is an objection to a decision.
    objection: Option<String>,
}

/// A conversation, and the address at which its owner reads it.
struct OpenConversation<'a> {
    app: &'a App,
    viewer: &'a MaybeMember,
    conversation: Conversation,
    here: String,
}

impl<'a> OpenConversation<'a> {
    async fn by_receipt(
        app: &'a App,
        viewer: &'a MaybeMember,
        token: &str,
    ) -> Result<OpenConversation<'a>, Error> {
        let conversation = app.store.conversation_of_receipt(&token::hash(token)).await?;
        Ok(OpenConversation { app, viewer, conversation, here: format!("/contact/{token}") })
    }

    async fn of_member(
        app: &'a App,
        asking: &'a CurrentMember,
        id: ConversationId,
    ) -> Result<OpenConversation<'a>, Error> {
        let conversation = app.store.conversation(id).await?;
        if conversation.user_id != Some(asking.member.id) {
            return Err(Error::NotFound);
        }
        Ok(OpenConversation { app, viewer: &asking.viewer, conversation, here: format!("/messages/{id}") })
    }

    async fn page(&self, typed: &MessageForm, errors: FormErrors) -> Result<Response, Error> {
        let OpenConversation { app, viewer, conversation, here } = self;
        let c = ConversationView::load(app, viewer, conversation, ReadBy::Owner).await?;
        let mut page = Page::new(app, viewer, "", c.title.clone());
        page.robots = false;
        let has_receipt = conversation.user_id.is_none();
        let keep = has_receipt.then(|| format!("{}{here}", app.config.base_url));
        let status = errors.status();
        let page = html_with(status, &ConversationPage { page, c, here, keep, errors, typed });
        Ok(([(CACHE_CONTROL, "private, no-store")], page).into_response())
    }

    async fn write(&self, client_ip: ClientIp, typed: &MessageForm) -> Result<Response, Error> {
        let sender = Sender { app: self.app, viewer: self.viewer, client_ip };
        match sender.write(&self.conversation, &typed.text, typed.objection.is_some()).await {
            Ok(()) => Ok(LocalRedirect::new(&self.here).redirect()),
            Err(refusal) => refused(refusal, |errors| self.page(typed, errors)).await,
        }
    }
}

/// `GET /contact/{token}`
pub async fn by_receipt(
    State(app): State<App>,
    viewer: MaybeMember,
    Path(token): Path<String>,
) -> Result<Response, Error> {
    let open = OpenConversation::by_receipt(&app, &viewer, &token).await?;
    open.page(&MessageForm::default(), FormErrors::default()).await
}

/// `POST /contact/{token}`
pub async fn write_by_receipt(
    State(app): State<App>,
    client_ip: ClientIp,
    Path(token): Path<String>,
    RecoverableForm { asking: viewer, typed }: RecoverableForm<MessageForm, MaybeMember>,
) -> Result<Response, Error> {
    OpenConversation::by_receipt(&app, &viewer, &token).await?.write(client_ip, &typed).await
}

/// `GET /messages/{id}`
pub async fn show(
    State(app): State<App>,
    asking: CurrentMember,
    Path(id): Path<ConversationId>,
) -> Result<Response, Error> {
    let open = OpenConversation::of_member(&app, &asking, id).await?;
    open.page(&MessageForm::default(), FormErrors::default()).await
}

/// `POST /messages/{id}`
pub async fn write(
    State(app): State<App>,
    client_ip: ClientIp,
    Path(id): Path<ConversationId>,
    RecoverableForm { asking, typed }: RecoverableForm<MessageForm>,
) -> Result<Response, Error> {
    OpenConversation::of_member(&app, &asking, id).await?.write(client_ip, &typed).await
}
