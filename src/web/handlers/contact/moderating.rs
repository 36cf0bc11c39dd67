//! Conversations as moderators deal with them.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;

use crate::clock::Timestamp;
use crate::domain::accounts::user::UserId;
use crate::domain::conversations::report::IllegalGround;
use crate::domain::conversations::{
    self, ConversationError, ConversationId, ConversationKind, ConversationStatus, MAX_MESSAGE_CHARS,
    MessageKind,
};
use crate::domain::moderation::action::Action;
use crate::domain::moderation::permissions;
use crate::domain::text::plural::Grouped;
use crate::store::{self, ActionContext, Conversation, LogFilter};
use crate::web::actions::contact;
use crate::web::error::Error;
use crate::web::extract::form::{Form, FormErrors, FormRefusal, refused};
use crate::web::extract::local_redirect::LocalRedirect;
use crate::web::extract::path::Path;
use crate::web::extract::recovered_form::RecoverableForm;
use crate::web::extract::session::Moderator;
use crate::web::handlers::contact::view::{ConversationView, DECISIONS, ReadBy, sender_of, title_of};
use crate::web::handlers::moderation;
use crate::web::state::App;
use crate::web::view::items::TimeView;
use crate::web::view::layout::{Page, html, html_with};
use crate::web::view::pagination::{EmptyState, PAGE_LIMIT, PAGE_SIZE, PageCursor, Tab, next_page};

const PATH: &str = "/mod/messages";

#[derive(Template)]
#[template(path = "contact/messages.html")]
struct MessagesPage<'a> {
    page: Page<'a>,
    desk: Vec<Tab>,
    choices: Vec<Tab>,
    rows: Vec<ModeratedRow>,
    more: Option<String>,
    empty: EmptyState,
}

struct ModeratedRow {
    id: ConversationId,
    title: String,
    sender: String,
    ground: Option<&'static str>,
    /// The beginning of the latest message.
    words: String,
    is_objection: bool,
    claimed_by: Option<String>,
    when: TimeView,
}

#[derive(Debug, Deserialize)]
pub struct MessagesQuery {
    show: Option<String>,
}

fn address(status: ConversationStatus) -> String {
    match status {
        ConversationStatus::Waiting => PATH.to_owned(),
        other => format!("{PATH}?show={}", other.as_str()),
    }
}

fn row_of(row: Conversation, now: Timestamp) -> ModeratedRow {
    ModeratedRow {
        id: row.id,
        title: title_of(row.kind, &row.receipt),
        sender: sender_of(&row),
        ground: row.ground.map(|ground| ground.label()),
        words: row.words(),
        is_objection: row.last_kind == Some(MessageKind::Objection),
        claimed_by: row.claimed_by,
        when: TimeView::new(row.last_at, now),
    }
}

/// `GET /mod/messages`: what waits first.
pub async fn list(
    State(app): State<App>,
    Moderator { viewer, member }: Moderator,
    (Query(asked), Query(after)): (Query<MessagesQuery>, Query<PageCursor>),
) -> Result<Response, Error> {
    let status = asked.show.as_deref().and_then(ConversationStatus::parse);
    let status = status.unwrap_or(ConversationStatus::Waiting);
    let (mut found, cursor) = if status == ConversationStatus::Waiting {
        (app.store.waiting_conversations(after.oldest_first(), PAGE_LIMIT).await?, "after")
    } else {
        (app.store.conversations(status, after.newest_first(), PAGE_LIMIT).await?, "before")
    };
    let key = |last: &Conversation| [("at", last.last_at.0), (cursor, last.id)];
    let more = next_page(&mut found, PAGE_SIZE, &address(status), key);
    let mut page = Page::new(&app, &viewer, "mod", "Messages");
    page.robots = false;
    let choices = ConversationStatus::ALL.map(|choice| Tab {
        name: choice.as_str().to_owned(),
        href: address(choice),
        current: choice == status,
    });
    Ok(html(&MessagesPage {
        page,
        desk: moderation::tabs::bar(&member, "messages"),
        choices: choices.into(),
        rows: found.into_iter().map(|row| row_of(row, viewer.now)).collect(),
        more,
        empty: EmptyState::plain(match status {
            ConversationStatus::Waiting => "No messages are waiting for an answer.",
            ConversationStatus::Answered => "No answered conversation is open.",
            ConversationStatus::Resolved => "No conversation is resolved yet.",
        })
        .on(after.is_first(), address(status)),
    }))
}

#[derive(Template)]
#[template(path = "contact/moderated.html")]
struct ModeratedPage<'a> {
    page: Page<'a>,
    desk: Vec<Tab>,
    id: ConversationId,
    c: ConversationView,
    sender: String,
    has_account: bool,
    email: String,
    claimed_by: Option<String>,
    is_mine: bool,
    /// Why and until when the one who appeals is banned.
    ban: Option<String>,
    /// Other reports of the same post: their numbers on this desk, and titles.
    others: Vec<(ConversationId, String)>,
    resolved: bool,
    threatens_life: bool,
    /// Whether another moderator should deal with it, and why.
    hint: Option<&'static str>,
    decisions: [(MessageKind, &'static str); 3],
    typed: ModeratedForm,
    errors: FormErrors,
}

/// Any of the page's forms; each sends some of the fields.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ModeratedForm {
    text: String,
    decision: String,
    reason: String,
}

struct ModeratedConversation<'a> {
    app: &'a App,
    moderator: &'a Moderator,
    conversation: Conversation,
}

impl<'a> ModeratedConversation<'a> {
    async fn open(
        app: &'a App,
        moderator: &'a Moderator,
        id: ConversationId,
    ) -> Result<ModeratedConversation<'a>, Error> {
        let conversation = app.store.conversation(id).await?;
        if conversation.user_id == Some(moderator.member.id) {
            return Err(Error::forbidden(ConversationError::Own));
        }
        if let Some(item) = conversation.item_id
            && app.store.item(item).await?.author_id == Some(moderator.member.id)
        {
            return Err(Error::forbidden(ConversationError::OwnPost));
        }
        Ok(ModeratedConversation { app, moderator, conversation })
    }

    fn context<'r>(&self, reason: &'r str) -> ActionContext<'r> {
        ActionContext { actor: Some(self.moderator.member.id), reason, at: self.moderator.viewer.now }
    }

    fn done(&self) -> Response {
        LocalRedirect::new(&format!("{PATH}/{}", self.conversation.id)).redirect()
    }

    /// Shows an appeal against one's own ban, or an objection to one's own decision, to somebody else.
    async fn hint(&self, c: &ConversationView) -> Result<Option<&'static str>, Error> {
        let own = self.moderator.member.id;
        if c.is_report && c.decided_by == Some(own) {
            return Ok(Some(
                "You decided on this report. If there is an objection, another moderator should decide \
                 on it, where there is one.",
            ));
        }
        let appeals = self.conversation.kind == ConversationKind::Appeal;
        let Some(user) = self.conversation.user_id.filter(|_| appeals) else { return Ok(None) };
        let set_by_own = self.last_ban(user).await? == Some(self.moderator.member.name.clone());
        Ok(set_by_own.then_some(
            "You set this ban. Another moderator should decide on the appeal, where there is one.",
        ))
    }

    async fn ban(&self) -> Result<Option<String>, Error> {
        if self.conversation.kind != ConversationKind::Appeal {
            return Ok(None);
        }
        let person = self.app.store.profile(&self.conversation.name).await?;
        Ok(person.ban.sentence(self.moderator.viewer.now))
    }

    async fn other_reports(&self) -> Result<Vec<(ConversationId, String)>, Error> {
        let Some(item) = self.conversation.item_id else { return Ok(Vec::new()) };
        let reports = self.app.store.reports_on(item).await?.into_iter();
        let others = reports.filter(|report| report.id != self.conversation.id);
        Ok(others.map(|other| (other.id, title_of(other.kind, &other.receipt))).collect())
    }

    async fn last_ban(&self, user: UserId) -> Result<Option<String>, Error> {
        let bans = LogFilter { user: Some(user), act: Some(Action::Ban), ..LogFilter::default() };
        let last = self.app.store.log(LogFilter { private: true, ..bans }, 1).await?.pop();
        Ok(last.and_then(|ban| ban.actor))
    }

    async fn page(&self, typed: ModeratedForm, errors: FormErrors) -> Result<Response, Error> {
        let Moderator { viewer, member } = self.moderator;
        let read_by = ReadBy::Moderator(member.id);
        let c = ConversationView::load(self.app, viewer, &self.conversation, read_by).await?;
        let mut page = Page::new(self.app, viewer, "mod", c.title.clone());
        page.robots = false;
        let (status, of) = (errors.status(), &self.conversation);
        let (ban, others) = (self.ban().await?, self.other_reports().await?);
        let page = ModeratedPage {
            page,
            desk: moderation::tabs::bar(member, "messages"),
            id: of.id,
            hint: self.hint(&c).await?,
            c,
            sender: sender_of(of),
            has_account: of.user_id.is_some(),
            email: of.email.clone(),
            is_mine: of.claimed_by.as_deref() == Some(&*member.name),
            ban,
            others,
            claimed_by: of.claimed_by.clone(),
            resolved: of.status == ConversationStatus::Resolved,
            threatens_life: of.ground.is_some_and(IllegalGround::threatens_life),
            decisions: DECISIONS,
            typed,
            errors,
        };
        Ok(html_with(status, &page))
    }
}

/// `GET /mod/messages/{id}`
pub async fn show(
    State(app): State<App>,
    moderator: Moderator,
    Path(id): Path<ConversationId>,
) -> Result<Response, Error> {
    let open = ModeratedConversation::open(&app, &moderator, id).await?;
    open.page(ModeratedForm::default(), FormErrors::default()).await
}

#[derive(Debug, Deserialize)]
pub struct SwitchForm {
    on: bool,
}

/// `POST /mod/messages/{id}/claim`
pub async fn claim(
    State(app): State<App>,
    moderator: Moderator,
    Path(id): Path<ConversationId>,
    Form(asked): Form<SwitchForm>,
) -> Result<Response, Error> {
    let open = ModeratedConversation::open(&app, &moderator, id).await?;
    let (by, now) = (moderator.member.id, moderator.viewer.now);
    match (app.store.claim_conversation(id, asked.on, by, now).await, &open.conversation.claimed_by) {
        (Err(store::Error::Conflict), Some(name)) => {
            Err(Error::Conflict(format!("{name} has claimed this already.")))
        }
        (done, _) => done.map(|()| open.done()).map_err(Error::from),
    }
}

/// `POST /mod/messages/{id}/answer`
pub async fn answer(
    State(app): State<App>,
    Path(id): Path<ConversationId>,
    RecoverableForm { asking: moderator, typed }: RecoverableForm<ModeratedForm, Moderator>,
) -> Result<Response, Error> {
    let open = ModeratedConversation::open(&app, &moderator, id).await?;
    let answered = match conversations::message(&typed.text) {
        Ok(text) => {
            let answered = app.store.answer_conversation(id, &text, open.context("")).await;
            answered.map_err(contact::refusal)
        }
        Err(wrong) => Err(FormErrors::one("text", wrong).into()),
    };
    match answered {
        Ok(()) => Ok(open.done()),
        Err(refusal) => refused(refusal, |errors| open.page(typed, errors)).await,
    }
}

/// `POST /mod/messages/{id}/resolve`
pub async fn resolve(
    State(app): State<App>,
    moderator: Moderator,
    Path(id): Path<ConversationId>,
    Form(asked): Form<SwitchForm>,
) -> Result<Response, Error> {
    let open = ModeratedConversation::open(&app, &moderator, id).await?;
    match app.store.resolve_conversation(id, asked.on, open.context("")).await.map_err(contact::refusal) {
        Ok(()) => Ok(open.done()),
        Err(refusal) => refused(refusal, |errors| open.page(ModeratedForm::default(), errors)).await,
    }
}

/// `POST /mod/messages/{id}/decide`: decides on a report.
pub async fn decide(
    State(app): State<App>,
    Path(id): Path<ConversationId>,
    RecoverableForm { asking: moderator, typed }: RecoverableForm<ModeratedForm, Moderator>,
) -> Result<Response, Error> {
    let open = ModeratedConversation::open(&app, &moderator, id).await?;
    let mut errors = FormErrors::default();
    let reason = errors.check("reason", permissions::reason(&typed.reason, true));
    let chosen = MessageKind::decision(&typed.decision).ok_or("Choose what you decided.");
    let decision = errors.check("decision", chosen);
    let decided: Result<(), FormRefusal> = match (reason, decision) {
        (Some(reason), Some(decision)) => {
            let decided = app.store.decide_report(id, decision, open.context(reason)).await;
            decided.map_err(contact::refusal)
        }
        _ => Err(errors.into()),
    };
    match decided {
        Ok(()) => Ok(open.done()),
        Err(refusal) => refused(refusal, |errors| open.page(typed, errors)).await,
    }
}
