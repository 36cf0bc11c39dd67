//! An item's page: a story with its thread, or a comment with its parents and replies.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::HeaderMap;
use http::header::CACHE_CONTROL;
use serde::Deserialize;

use crate::clock::Timestamp;
use crate::domain::accounts::mutes::{Mute, MuteKind};
use crate::domain::accounts::user::Role;
use crate::domain::items::comment_order::CommentOrder;
use crate::domain::items::item::{DeadReason, Item, ItemError, ItemId, Kind, Visibility};
use crate::domain::items::thread;
use crate::domain::moderation::permissions;
use crate::domain::moderation::post_status::{AuthorOption, RemovedPost};
use crate::domain::text::plural::{Grouped, counted};
use crate::domain::text::{self, Html};
use crate::store::Marks;
use crate::web::cache::pages::ThreadVersion;
use crate::web::cache::rendered_text::TextSource;
use crate::web::cache::threads::CachedThread;
use crate::web::error::Error;
use crate::web::extract::form::{Form, FormErrors};
use crate::web::extract::local_redirect::LocalRedirect;
use crate::web::extract::path::Path;
use crate::web::extract::session::{CurrentMember, MaybeMember};
use crate::web::handlers::items::arrival::{Arrival, ArrivalQuery};
use crate::web::handlers::items::earlier_discussions;
use crate::web::handlers::moderation::item::ItemActionsPanel;
use crate::web::handlers::moderation::undo::LastAction;
use crate::web::handlers::votes::flag::FlagPanel;
use crate::web::member_pages::comment_slots::{CommentsHtml, CommentsSlot, PageAround, ThreadSlice};
use crate::web::member_pages::thread_html::OwnLayer;
use crate::web::state::App;
use crate::web::structured_data;
use crate::web::view::comment::muted_by;
use crate::web::view::comment::{CommentView, ThreadContextView};
use crate::web::view::items::{AuthorView, StoryView, TimeView, ViewContext};
use crate::web::view::layout::Page;
use crate::web::view::poll::OptionView;
use crate::web::view::post_status::{PostStatusView, StatusNotices};

/// Length of a meta description, in characters.
const DESCRIPTION: usize = 160;

pub struct Ancestor {
    pub id: ItemId,
    pub author: Option<AuthorView>,
    /// Shown instead of the author, if there is none to show.
    pub gone: &'static str,
    pub when: TimeView,
    pub html: Arc<Html>,
    pub is_cut: bool,
    pub muted: Option<MuteKind>,
}

impl Ancestor {
    fn muted_by(&self) -> Option<&'static str> {
        self.muted.map(muted_by)
    }
}

pub struct ThreadContext {
    pub heading: String,
    pub parent: ItemId,
    pub above: Vec<Ancestor>,
    pub comment: CommentView,
}

/// The thread apart from its comments, which fill their slot afterwards.
pub struct ThreadView {
    pub count: Grouped<usize>,
    pub unseen: usize,
    pub first_unseen: Option<ItemId>,
    pub order: CommentOrder,
    pub is_empty: bool,
}

#[derive(Template)]
#[template(path = "items/item.html")]
struct ItemPage<'a> {
    page: Page<'a>,
    id: ItemId,
    arrival: Option<Arrival>,
    story: StoryView,
    context: Option<ThreadContext>,
    thread: ThreadView,
    slot: CommentsSlot,
    closed: Option<ItemError>,
    /// Whether that is already shown above.
    closed_is_told: bool,
    signs: StatusNotices,
    /// Whether the viewer has muted the thread.
    is_muted: bool,
    notice: Option<Arc<Html>>,
    /// The moderators' actions and the last one performed.
    desk: Option<ItemActionsPanel>,
    last: Option<LastAction>,
    fate: Option<PostStatusView>,
    panel: Option<FlagPanel>,
    /// Whether the reply form is on this page.
    answers_here: bool,
    errors: FormErrors,
    text: &'static str,
    button: &'static str,
    /// The form has a page to lead back to only on its own page.
    cancel: Option<LocalRedirect>,
    orders: [CommentOrder; 4],
}

#[derive(Debug, Deserialize)]
pub struct ItemQuery {
    order: Option<String>,
}

/// `/item/{id}`
pub async fn show(
    State(app): State<App>,
    mut viewer: MaybeMember,
    Path(id): Path<ItemId>,
    (Query(asked), Query(came)): (Query<ItemQuery>, Query<ArrivalQuery>),
    headers: HeaderMap,
) -> Result<Response, Error> {
    let CachedThread { all, generation } = app.threads.with(id, &app.store).await?;
    let find = |id: ItemId| all.iter().find(|item| item.id == id).ok_or(Error::NotFound);
    let item = find(id)?;
    if let Some(into) = item.merged_into {
        return Ok(merged(into, &came));
    }
    let root = find(item.root_id)?;
    if item.kind == Kind::Pollopt {
        return Ok(came.on(item.root_id).redirect());
    }
    let remembered = viewer.member().map(|member| member.comment_order).unwrap_or_default();
    let order = asked.order.as_deref().and_then(CommentOrder::parse).unwrap_or(remembered);
    viewer.read_in_inbox(id, &app.store);
    let (marks, since) = own_marks(&app, &viewer, root, &all).await?;
    let mut eye = ViewContext::new(&viewer, marks);
    let renderer = app.renderer(viewer.from);
    eye.add(renderer.page(around(&all, root, item, &eye)).await?);
    let under = ThreadSlice { all: &all, root, head: id, order };
    let (thread, comments) = match viewer.member() {
        Some(member) => {
            let muted = app.own.muted.of((member.id, &viewer.mutes), root.id, &all, &app.store).await;
            let own = OwnLayer { since, muted: &muted };
            app.shown.for_member(under, eye, member, own, generation, renderer).await?
        }
        None => under.for_one(eye, None, renderer).await?,
    };
    let parts = ItemPageData { app: &app, viewer: &viewer, item, root, thread: &thread, came: &came };
    let page = parts.page(&all, order, &comments).await?;
    let page = PageAround::render(&page, &page.slot).map_err(Error::internal)?;
    let mut response = comments.inside(page, &headers, renderer.workers).await?;
    response.extensions_mut().insert(ThreadVersion(generation));
    Ok(response)
}

/// The texts on the page apart from its comments.
fn around<'a>(all: &'a [Item], root: &'a Item, item: &'a Item, eye: &ViewContext<'_>) -> Vec<TextSource<'a>> {
    let is_read = |item: &&Item| matches!(eye.sees(item), Visibility::Whole | Visibility::Dead(_));
    let options = all.iter().filter(|item| item.kind == Kind::Pollopt && item.is_live());
    let whole: Vec<&Item> = match item.kind {
        Kind::Comment => vec![root, item],
        _ => [root].into_iter().chain(options).collect(),
    };
    let above = thread::path(all, item.id).into_iter().filter(|item| item.kind == Kind::Comment);
    let whole = whole.into_iter().filter(is_read).map(|item| TextSource::whole(item.id, &item.text));
    whole.chain(above.filter(is_read).map(TextSource::listed)).collect()
}

/// A permanent redirect, revalidated by browsers because a merge can be undone.
fn merged(into: ItemId, came: &ArrivalQuery) -> Response {
    ([(CACHE_CONTROL, "no-cache")], Redirect::permanent(came.on(into).as_str())).into_response()
}

async fn own_marks(
    app: &App,
    viewer: &MaybeMember,
    root: &Item,
    all: &[Item],
) -> Result<(Arc<Marks>, Option<Timestamp>), Error> {
    let Some(member) = viewer.member() else { return Ok((Arc::default(), None)) };
    let own = app.own.in_thread(member.id, root.id, newest(root, all), &app.store, viewer.now).await?;
    Ok((Arc::clone(&own.marks), own.visit.since))
}

fn newest(root: &Item, all: &[Item]) -> Timestamp {
    all.iter().map(|item| item.visible_at).max().unwrap_or(root.time)
}

struct ItemPageData<'a> {
    app: &'a App,
    viewer: &'a MaybeMember,
    item: &'a Item,
    root: &'a Item,
    thread: &'a ThreadContextView<'a>,
    came: &'a ArrivalQuery,
}

impl ItemPageData<'_> {
    async fn page(
        &self,
        all: &[Item],
        order: CommentOrder,
        comments: &CommentsHtml,
    ) -> Result<ItemPage<'_>, Error> {
        let eye = &self.thread.eye;
        self.refuse_what_is_gone(comments.is_empty())?;
        let is_comment = self.item.kind == Kind::Comment;
        let above = if is_comment { thread::path(all, self.item.id) } else { Vec::new() };
        let signs = StatusNotices::load(self.app, self.viewer, self.item, &above).await?;
        let context = is_comment.then(|| self.context(&above, signs.gone.as_ref()));
        let mut story = StoryView::new(self.root, eye);
        story.options = self.options(all);
        story.comments = story.comments.saturating_add(self.own_shadowed_comments(all));
        if context.is_none() {
            story.earlier = earlier_discussions::load(self.app, self.viewer, self.root, eye).await?;
            story.title = signs.gone.as_ref().map_or(story.title, |gone| gone.heading.clone());
        }
        let (desk, last) = self.moderation_panel().await?;
        let closed = self.may_reply().err();
        let fate = PostStatusView::load(self.app, self.viewer, self.item).await?;
        let is_locked = fate.is_some() && self.item.locked && closed == Some(ItemError::ThreadLocked);
        let answers = self.item.parent_id.and_then(|parent| self.thread.authors.get(&parent).copied());
        let page = self.described(&story, context.as_ref(), signs.gone.as_ref());
        Ok(ItemPage {
            page: match &context {
                None => page.told_of_comments(self.root.id, newest(self.root, all)),
                Some(_) => page,
            },
            arrival: Arrival::of(self.came, self.item, eye, answers),
            id: self.item.id,
            story,
            context,
            thread: ThreadView {
                count: Grouped(comments.count),
                unseen: comments.unseen,
                first_unseen: comments.first_unseen,
                order,
                is_empty: comments.is_empty(),
            },
            slot: CommentsSlot::default(),
            closed_is_told: is_locked || self.item.deleted_at.is_some() || self.item.waits(),
            closed,
            signs,
            is_muted: self.viewer.mutes.contains(&Mute::Thread(self.root.id)),
            notice: self.notice().await?,
            desk,
            last,
            fate,
            panel: FlagPanel::load(self.app, self.viewer, self.item).await?,
            answers_here: self.viewer.member.is_some(),
            errors: FormErrors::default(),
            text: "",
            button: if is_comment { "Reply" } else { "Add comment" },
            cancel: None,
            orders: CommentOrder::ALL,
        })
    }

    fn options(&self, all: &[Item]) -> Vec<OptionView> {
        let eye = &self.thread.eye;
        let shown = matches!(eye.sees(self.root), Visibility::Whole | Visibility::Dead(_));
        let mut options: Vec<&Item> =
            all.iter().filter(|i| shown && i.kind == Kind::Pollopt && i.is_live()).collect();
        options.sort_by_key(|i| (i.import_rank, i.id));
        options.into_iter().map(|i| OptionView::new(i, eye)).collect()
    }

    /// Shadow-banned comments, which their author sees and therefore counts.
    fn own_shadowed_comments(&self, all: &[Item]) -> i64 {
        let own = |item: &&Item| item.kind == Kind::Comment && item.dead == Some(DeadReason::Shadow);
        let seen = all.iter().filter(own).filter(|item| self.thread.eye.sees(item) == Visibility::Whole);
        i64::try_from(seen.count()).unwrap_or(0)
    }

    /// A deleted or dead item has a page only while it has visible replies.
    fn refuse_what_is_gone(&self, is_leaf: bool) -> Result<(), Error> {
        match self.thread.eye.sees(self.item) {
            Visibility::Whole | Visibility::Dead(_) => Ok(()),
            Visibility::NotFound => Err(Error::NotFound),
            Visibility::Deleted if is_leaf => Err(Error::Gone),
            Visibility::Hidden if is_leaf => Err(Error::Dead),
            Visibility::Deleted | Visibility::Hidden => Ok(()),
        }
    }

    async fn notice(&self) -> Result<Option<Arc<Html>>, Error> {
        let Some(source) = self.root.pinned.as_deref().filter(|_| self.root.is_live()) else {
            return Ok(None);
        };
        let texts =
            self.app.renderer(self.viewer.from).page(vec![TextSource::whole(self.root.id, source)]).await?;
        Ok(Some(texts.get(self.root.id, source, false)))
    }

    fn context(&self, above: &[&Item], gone: Option<&RemovedPost>) -> ThreadContext {
        let above = above.iter().filter(|item| item.kind == Kind::Comment);
        let above: Vec<Ancestor> = above
            .map(|item| {
                let CommentView { id, author, gone, when, html, is_cut, muted, .. } = self.thread.above(item);
                Ancestor { id, author, gone, when, html, is_cut, muted }
            })
            .collect();
        let comment = self.thread.alone(self.item);
        let heading = match (gone, &comment.author) {
            (Some(gone), _) => gone.heading.clone(),
            (None, Some(author)) => format!("Comment by {}", author.name),
            (None, None) => "Comment".to_owned(),
        };
        ThreadContext { heading, parent: self.item.parent_id.unwrap_or(self.root.id), above, comment }
    }

    fn may_reply(&self) -> Result<(), ItemError> {
        let (item, root) = (self.item, self.root);
        match self.viewer.member() {
            Some(member) => item.may_reply(root, member, &self.viewer.settings.policy, self.viewer.now, true),
            None if item.kind == Kind::Job => Err(ItemError::TakesNoComments),
            None if item.deleted_at.is_some() || root.deleted_at.is_some() => Err(ItemError::Deleted),
            None if !item.is_live() || !root.is_live() => Err(ItemError::Dead),
            None if item.locked || root.locked => Err(ItemError::ThreadLocked),
            None => Ok(()),
        }
    }

    async fn moderation_panel(&self) -> Result<(Option<ItemActionsPanel>, Option<LastAction>), Error> {
        // The action itself checks the author's role.
        let moderator =
            self.viewer.member().filter(|member| permissions::may_act_on(member, Role::Member).is_ok());
        let Some(moderator) = moderator.filter(|_| self.item.deleted_at.is_none()) else {
            return Ok((None, None));
        };
        let last = LastAction::of(self.app, self.viewer, moderator, Some(self.item)).await?;
        Ok((Some(ItemActionsPanel::on(self.app, self.item, &self.viewer.here).await?), last))
    }

    fn described(
        &self,
        story: &StoryView,
        context: Option<&ThreadContext>,
        gone: Option<&RemovedPost>,
    ) -> Page<'_> {
        let title = match context {
            Some(context) if story.is_shown => format!("{} on {}", context.heading, story.title),
            Some(context) => context.heading.clone(),
            None => story.title.clone(),
        };
        let shown = matches!(self.thread.eye.sees(self.item), Visibility::Whole);
        let description = match gone {
            Some(gone) => gone.said.join(" "),
            None if shown => text::excerpt(&self.item.text, DESCRIPTION),
            None => String::new(),
        };
        let description = match (description.is_empty(), context) {
            (true, None) => format!("{} on {}", counted(story.comments, "comment"), story.title),
            _ => description,
        };
        let mut page = Page::new(self.app, self.viewer, "item", title).described(description);
        page.is_article = true;
        page.robots = shown;
        if shown && context.is_none() && self.viewer.member.is_none() {
            page.data = Some(structured_data::of_story(&self.app.config.base_url, self.item));
        }
        if shown { page.fed_by(format!("/feed/item/{}", self.item.id)) } else { page }
    }
}

#[derive(Debug, Deserialize)]
pub struct OrderForm {
    order: String,
}

/// `POST /item/{id}/order`: remembers the member's comment order.
pub async fn remember_order(
    State(app): State<App>,
    asking: CurrentMember,
    Path(id): Path<ItemId>,
    Form(chosen): Form<OrderForm>,
) -> Result<Response, Error> {
    let order = CommentOrder::parse(&chosen.order).ok_or_else(|| Error::bad("Unknown comment order."))?;
    app.store.set_order(asking.member.id, order).await?;
    Ok(LocalRedirect::new(&format!("/item/{id}#comments")).redirect())
}
