//! Writing to the moderators, with or without an account, and reporting that something is illegal.

use crate::domain::accounts::token::Token;
use crate::domain::accounts::user::UserId;
use crate::domain::conversations::report::{self, IllegalGround, ReportError};
use crate::domain::conversations::{self, ConversationId, ConversationKind, MessageKind};
use crate::domain::items::item::ItemId;
use crate::domain::limits::rate_limits::{LimitedAction, RateLimited};
use crate::store::{self, Conversation, NewConversation};
use crate::web::error::Error;
use crate::web::extract::client_ip::ClientIp;
use crate::web::extract::form::{FormErrors, FormRefusal};
use crate::web::extract::session::MaybeMember;
use crate::web::state::App;

/// Somebody who writes to the moderators.
pub struct Sender<'a> {
    pub app: &'a App,
    pub viewer: &'a MaybeMember,
    pub client_ip: ClientIp,
}

/// What was sent: a conversation, with its receipt for somebody without an account.
pub struct SentConversation {
    pub id: ConversationId,
    pub token: Option<Token>,
}

/// A report as it was typed.
pub struct TypedReport<'a> {
    pub ground: &'a str,
    pub text: &'a str,
    pub name: &'a str,
    pub email: &'a str,
    pub is_in_good_faith: bool,
}

impl Sender<'_> {
    fn user(&self) -> Option<UserId> {
        self.viewer.id()
    }

    fn check(&self, kind: ConversationKind) -> Result<(), RateLimited> {
        let action = match kind {
            ConversationKind::Contact => LimitedAction::Message,
            ConversationKind::Appeal | ConversationKind::Report => LimitedAction::Complaint,
        };
        let (policy, ip, now) = (&self.viewer.settings.policy, self.client_ip.ip(), self.viewer.now);
        let banned = self.viewer.banned.as_ref().map(|banned| &banned.member);
        match self.viewer.member().or(banned) {
            Some(member) => self.app.limits.check(action, member, ip, policy, now),
            None => self.app.limits.check_visitor(action, ip, policy),
        }
    }

    /// Begins a conversation; `email` is where somebody without an account is told of the answer.
    pub async fn contact(&self, text: &str, email: &str) -> Result<SentConversation, FormRefusal> {
        let mut errors = FormErrors::default();
        let text = errors.check("text", conversations::message(text));
        let email = errors.check("email", report::email(email, false));
        let (Some(text), Some(email)) = (text, email) else { return Err(errors.into()) };
        self.open(ConversationKind::Contact, (&text, "", &email), None).await
    }

    /// Reports that an item is illegal. Members are known by their account; others give a name and an
    /// address, unless it is about the abuse of children.
    pub async fn report(
        &self,
        item: ItemId,
        typed: &TypedReport<'_>,
    ) -> Result<SentConversation, FormRefusal> {
        let mut errors = FormErrors::default();
        let ground = errors.check("ground", IllegalGround::parse(typed.ground).ok_or(ReportError::NoGround));
        let text = errors.check("text", conversations::message(typed.text));
        let is_member = self.user().is_some();
        let needed = !is_member && ground.is_none_or(IllegalGround::needs_name);
        let (name, email) = if is_member { ("", "") } else { (typed.name, typed.email) };
        let name = errors.check("name", report::name(name, needed));
        let email = errors.check("email", report::email(email, needed && self.app.mailer.is_some()));
        if !typed.is_in_good_faith {
            errors.add("good_faith", ReportError::NoGoodFaith);
        }
        let (Some(text), Some(name), Some(email), Some(ground), true) =
            (text, name, email, ground, typed.is_in_good_faith)
        else {
            return Err(errors.into());
        };
        self.open(ConversationKind::Report, (&text, name, &email), Some((item, ground))).await
    }

    async fn open(
        &self,
        kind: ConversationKind,
        (text, name, email): (&str, &str, &str),
        about: Option<(ItemId, IllegalGround)>,
    ) -> Result<SentConversation, FormRefusal> {
        self.check(kind)?;
        let user = self.user();
        let token = if user.is_none() { Some(Token::random().map_err(Error::internal)?) } else { None };
        let new = NewConversation {
            kind,
            user,
            name,
            email: if user.is_none() { email } else { "" },
            item: about.map(|(item, _)| item),
            ground: about.map(|(_, ground)| ground),
            text,
        };
        let is_mailed = self.app.mailer.is_some();
        let opened = self.app.store.open_conversation(new, token.as_ref(), is_mailed, self.viewer.now).await;
        Ok(SentConversation { id: opened.map_err(refusal)?, token })
    }

    /// Appeals against a ban, or writes in the appeal that is open.
    pub async fn appeal(
        &self,
        user: UserId,
        open: Option<ConversationId>,
        text: &str,
    ) -> Result<(), FormRefusal> {
        let text = conversations::message(text).map_err(|wrong| FormErrors::one("text", wrong))?;
        let kind = ConversationKind::Appeal;
        self.check(kind)?;
        let (store, now) = (&self.app.store, self.viewer.now);
        let written = match open {
            Some(id) => store.add_message(id, Some(user), MessageKind::Message, &text, now).await,
            None => {
                let new = NewConversation {
                    kind,
                    user: Some(user),
                    name: "",
                    email: "",
                    item: None,
                    ground: None,
                    text: &text,
                };
                store.open_conversation(new, None, false, now).await.map(drop)
            }
        };
        written.map_err(refusal)
    }

    /// Writes in a conversation of one's own, or objects to the decision on a report.
    pub async fn write(
        &self,
        conversation: &Conversation,
        text: &str,
        is_objection: bool,
    ) -> Result<(), FormRefusal> {
        let text = conversations::message(text).map_err(|wrong| FormErrors::one("text", wrong))?;
        self.check(conversation.kind)?;
        let kind = if is_objection { MessageKind::Objection } else { MessageKind::Message };
        let (id, author, now) = (conversation.id, conversation.user_id, self.viewer.now);
        self.app.store.add_message(id, author, kind, &text, now).await.map_err(refusal)
    }
}

/// A rule's refusal is shown in the form, with what was typed.
pub fn refusal(error: store::Error) -> FormRefusal {
    match error {
        store::Error::Refused(sentence) => FormErrors::one("", sentence).into(),
        error => error.into(),
    }
}
