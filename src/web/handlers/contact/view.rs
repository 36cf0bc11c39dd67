//! A conversation with the moderators, as its owner and as moderators see it.

use crate::domain::accounts::user::UserId;
use crate::domain::conversations::{
    ConversationKind, ConversationStatus, MessageKind, OBJECTION_PERIOD, may_object,
};
use crate::domain::items::item::ItemId;
use crate::domain::text::{self, Html};
use crate::domain::time::relative_time;
use crate::store::{self, Conversation, MessageRow};
use crate::web::error::Error;
use crate::web::extract::session::MaybeMember;
use crate::web::state::App;
use crate::web::view::items::TimeView;

/// Characters of an item shown as its name.
const EXCERPT: usize = 100;

pub struct MessageView {
    pub by: String,
    /// What it is, if not only a message.
    pub what: Option<&'static str>,
    pub is_decision: bool,
    pub html: Html,
    pub when: TimeView,
}

/// Who reads it: its owner learns no moderator's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadBy {
    Owner,
    Moderator(UserId),
}

pub struct ConversationView {
    pub title: String,
    pub number: String,
    pub is_report: bool,
    pub status: &'static str,
    pub about: Option<(ItemId, String)>,
    pub ground: Option<&'static str>,
    pub messages: Vec<MessageView>,
    pub may_write: bool,
    pub may_object: bool,
    /// Until when, if it is decided.
    pub objections_until: Option<String>,
    /// The moderator who decided last.
    pub decided_by: Option<UserId>,
}

impl ConversationView {
    pub async fn load(
        app: &App,
        viewer: &MaybeMember,
        conversation: &Conversation,
        read_by: ReadBy,
    ) -> Result<ConversationView, Error> {
        let rows = app.store.messages(conversation.id).await?;
        let mut messages = Vec::with_capacity(rows.len());
        for row in &rows {
            let html = app.renderer(viewer.from).once(&row.text).await?;
            messages.push(MessageView {
                by: name_of(row, conversation, read_by),
                what: row.kind.sentence(),
                is_decision: row.kind.is_decision(),
                html,
                when: TimeView::new(row.created_at, viewer.now),
            });
        }
        let decision = rows.iter().rfind(|row| row.kind.is_decision());
        let Conversation { kind, status, receipt, .. } = conversation;
        Ok(ConversationView {
            title: title_of(*kind, receipt),
            number: receipt.clone(),
            is_report: *kind == ConversationKind::Report,
            status: status_of(*kind, *status, decision.is_some()),
            about: about(app, conversation, read_by).await?,
            ground: conversation.ground.map(|ground| ground.label()),
            messages,
            may_write: *status != ConversationStatus::Resolved,
            may_object: may_object(rows.iter().map(|row| (row.kind, row.created_at)), viewer.now),
            objections_until: decision
                .map(|decision| relative_time::day(decision.created_at.plus(OBJECTION_PERIOD))),
            decided_by: decision.and_then(|decision| decision.author_id),
        })
    }
}

pub fn title_of(kind: ConversationKind, receipt: &str) -> String {
    match kind {
        ConversationKind::Contact => format!("Message {receipt}"),
        ConversationKind::Appeal => format!("Appeal {receipt}"),
        ConversationKind::Report => format!("Report {receipt}"),
    }
}

/// What the owner of a conversation reads of its state.
pub fn status_of(kind: ConversationKind, status: ConversationStatus, is_decided: bool) -> &'static str {
    match (status, is_decided) {
        (ConversationStatus::Waiting, true) => "Your objection waits for a moderator.",
        (ConversationStatus::Resolved, _) if kind == ConversationKind::Appeal => {
            "The moderators have decided: the ban stays."
        }
        (ConversationStatus::Waiting, false) => "The moderators have not answered yet.",
        (ConversationStatus::Answered, _) => "The moderators have answered.",
        (ConversationStatus::Resolved, true) => "The moderators have decided.",
        (ConversationStatus::Resolved, false) => "This conversation is resolved.",
    }
}

/// What moderators call the one who wrote.
pub fn sender_of(conversation: &Conversation) -> String {
    match (conversation.user_id, &*conversation.name) {
        (None, "") => "somebody without an account".to_owned(),
        (None, name) => format!("{name} (no account)"),
        (Some(_), name) => name.to_owned(),
    }
}

fn name_of(row: &MessageRow, conversation: &Conversation, read_by: ReadBy) -> String {
    match (read_by, row.by_moderator) {
        (ReadBy::Owner, true) => "a moderator".to_owned(),
        (ReadBy::Owner, false) => "you".to_owned(),
        (ReadBy::Moderator(reader), _) if row.author_id == Some(reader) => "you".to_owned(),
        (ReadBy::Moderator(_), true) => row.author.clone().unwrap_or_else(|| "the operator".to_owned()),
        (ReadBy::Moderator(_), false) => sender_of(conversation),
    }
}

async fn about(
    app: &App,
    conversation: &Conversation,
    read_by: ReadBy,
) -> Result<Option<(ItemId, String)>, Error> {
    let Some(id) = conversation.item_id else { return Ok(None) };
    if read_by == ReadBy::Owner {
        return Ok(Some((id, format!("item {id}"))));
    }
    match app.store.item(id).await {
        Ok(item) => {
            let name = item.title.clone().unwrap_or_else(|| text::excerpt(&item.text, EXCERPT));
            let name = if name.is_empty() { format!("item {id}") } else { name };
            let name = if item.dead.is_some() { format!("{name} [dead]") } else { name };
            Ok(Some((id, name)))
        }
        Err(store::Error::NotFound) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Decisions that a moderator can choose, with their labels.
pub const DECISIONS: [(MessageKind, &str); 3] = [
    (MessageKind::Removed, "Remove the post"),
    (MessageKind::Kept, "Do not remove it"),
    (MessageKind::Other, "Another measure"),
];
