//! A vote carried through the log-in. The log-in form casts it; if that fails, the item's page says why.

use axum::response::{IntoResponse, Redirect, Response};

use crate::config::Readers;
use crate::domain::items::item::{Item, ItemId, Kind, Visibility, may_see};
use crate::domain::text;
use crate::domain::votes::vote::{Direction, VoteResult};
use crate::store;
use crate::web::actions::vote::CastVote;
use crate::web::actions::{self, PostContext};
use crate::web::error::Error;
use crate::web::extract::local_redirect::{LocalRedirect, row_anchor};
use crate::web::extract::session::address_with;
use crate::web::state::App;

/// Characters of an option shown as its name.
const NAME: usize = 60;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PendingVote {
    pub item: ItemId,
    /// `None` withdraws a vote.
    dir: Option<Direction>,
}

pub struct VotePlace {
    own: LocalRedirect,
    anchor: String,
}

impl VotePlace {
    /// On the page of the vote; on the item's own page if that is unknown.
    pub fn within(self, page: Option<LocalRedirect>) -> LocalRedirect {
        let coming = |page: &LocalRedirect| {
            page.as_str().starts_with("/login") || page.as_str().starts_with("/signup")
        };
        let Some(page) = page.filter(|page| !coming(page)) else { return self.own };
        let bare = page.as_str().split('#').next().unwrap_or("/");
        LocalRedirect::new(&format!("{bare}#{}", self.anchor))
    }
}

/// Parses a direction; the outer `None` is a parse error.
pub fn direction(typed: &str) -> Option<Option<Direction>> {
    match typed {
        "up" => Some(Some(Direction::Up)),
        "down" => Some(Some(Direction::Down)),
        "none" => Some(None),
        _ => None,
    }
}

impl PendingVote {
    pub fn new(item: ItemId, dir: Option<Direction>) -> PendingVote {
        PendingVote { item, dir }
    }

    /// The pending vote of an address or a form; up by default.
    pub fn parse(item: &str, dir: &str) -> Option<PendingVote> {
        let dir = if dir.is_empty() { Some(Some(Direction::Up)) } else { direction(dir) };
        Some(PendingVote { item: item.parse().ok()?, dir: dir? })
    }

    pub fn dir(&self) -> &'static str {
        self.dir.map_or("none", Direction::as_str)
    }

    /// The item's page with the reason why the vote was not cast.
    pub fn not_cast(self) -> LocalRedirect {
        LocalRedirect::new(&format!("/item/{}?vote={}", self.item, self.dir()))
    }

    /// The log-in page's sentence, and where the item is. Does not name what visitors may not see.
    pub async fn describe(self, app: &App) -> Result<(String, VotePlace), Error> {
        let is_public = app.settings().reading == Readers::Everyone;
        let item = match app.store.item(self.item).await {
            Ok(item) if is_public && may_see(&item, None, app.clock.now()) == Visibility::Whole => item,
            Ok(_) | Err(store::Error::NotFound) => {
                let own = LocalRedirect::new(&format!("/item/{}", self.item));
                return Ok((
                    "Log in to vote.".to_owned(),
                    VotePlace { own, anchor: format!("i{}", self.item) },
                ));
            }
            Err(error) => return Err(error.into()),
        };
        let what = name(&item);
        let sentence = match self.dir {
            Some(Direction::Up) => format!("Log in to upvote {what}."),
            Some(Direction::Down) => format!("Log in to downvote {what}."),
            None => format!("Log in to undo your vote on {what}."),
        };
        let anchor = row_anchor(item.kind, item.id);
        Ok((sentence, VotePlace { own: LocalRedirect::to_item(item.id, item.root_id), anchor }))
    }

    /// Casts the vote after the log-in and returns the redirect.
    pub async fn cast(self, app: &App, context: &PostContext, goto: &LocalRedirect) -> LocalRedirect {
        match actions::vote::vote(app, context, self.item, self.dir).await {
            Ok(CastVote { voted: VoteResult { changed: true, .. }, .. }) => goto.clone(),
            _ => self.not_cast(),
        }
    }
}

/// The log-in page that casts the vote, and then returns to `goto` if that is not too long.
pub fn to_log_in_and_vote(goto: Option<&LocalRedirect>, vote: &PendingVote) -> Response {
    let item = vote.item.to_string();
    let about = [("vote", item.as_str()), ("dir", vote.dir())];
    let back = goto.map(|goto| [("goto", goto.as_str()), about[0], about[1]]);
    let address = back.map(|query| address_with("/login", &query)).filter(|address| address != "/login");
    Redirect::to(&address.unwrap_or_else(|| address_with("/login", &about))).into_response()
}

fn name(item: &Item) -> String {
    match (item.kind, &item.title, &item.author) {
        (Kind::Comment, _, Some(author)) => format!("{author}’s comment"),
        (Kind::Comment, _, None) => "a comment".to_owned(),
        (_, Some(title), _) => format!("“{title}”"),
        (_, None, _) => format!("“{}”", text::excerpt(&item.text, NAME)),
    }
}
