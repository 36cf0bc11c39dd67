//! Messages on an item's page after a duplicate submission or a failed vote.

use serde::Deserialize;

use crate::domain::accounts::user::{Member, UserId};
use crate::domain::items::item::{Item, ItemId};
use crate::domain::items::title::Title;
use crate::domain::time::relative_time;
use crate::domain::votes::vote::Direction;
use crate::store::KnownUrl;
use crate::web::extract::local_redirect::LocalRedirect;
use crate::web::extract::session::address_with;
use crate::web::handlers::votes::pending_vote;
use crate::web::view::items::ViewContext;

/// Query parameters that tell how the member was redirected.
#[derive(Debug, Default, Deserialize)]
pub struct ArrivalQuery {
    again: Option<String>,
    voted: Option<String>,
    vote: Option<String>,
}

impl ArrivalQuery {
    /// Redirects to the item that replaced the original, with the message that the vote was not cast.
    pub fn on(&self, id: ItemId) -> LocalRedirect {
        let path = format!("/item/{id}");
        LocalRedirect::new(
            &self.vote.as_deref().map_or_else(|| path.clone(), |vote| address_with(&path, &[("vote", vote)])),
        )
    }
}

/// A duplicate submission: its title and its outcome.
pub struct Resubmitted<'a> {
    title: &'a str,
    known: KnownUrl,
}

pub struct Arrival {
    pub said: String,
    /// The submitted title, and the address of a form filled with it.
    pub typed: Option<(String, String)>,
}

impl<'a> Resubmitted<'a> {
    pub fn new(title: &'a str, known: KnownUrl) -> Resubmitted<'a> {
        Resubmitted { title: title.trim(), known }
    }

    pub fn return_to(&self, id: ItemId) -> LocalRedirect {
        let mut query = vec![("again", self.title)];
        if self.known == KnownUrl::VotedBefore {
            query.push(("voted", "before"));
        }
        LocalRedirect::new(&address_with(&format!("/item/{id}"), &query))
    }

    /// The same, if the submitted text is shown as a possible comment.
    pub fn beside(&self, item: &Item, text: &str, eye: &ViewContext<'_>) -> Arrival {
        Arrival { said: known(item, self.known, eye), typed: Some(excerpts_of(item, self.title, text)) }
    }
}

fn known(item: &Item, known: KnownUrl, eye: &ViewContext<'_>) -> String {
    let ago = relative_time::ago(item.time, eye.now);
    let by = item.author.as_ref().map(|name| format!(" by {name}")).unwrap_or_default();
    match known {
        KnownUrl::Own => {
            format!(
                "You submitted this address already, {ago}: this is your story. Nothing was submitted again."
            )
        }
        KnownUrl::Voted => {
            format!("This address was submitted {ago}{by}, so your submission counted as a vote for it.")
        }
        KnownUrl::VotedBefore => {
            format!(
                "This address was submitted {ago}{by}, and you had voted for it before. Nothing was \
                 submitted again."
            )
        }
    }
}

fn excerpts_of(item: &Item, title: &str, text: &str) -> (String, String) {
    let url = item.url.as_deref().unwrap_or_default();
    let all = address_with("/submit", &[("url", url), ("title", title), ("text", text)]);
    // A long text would exceed the maximum address length.
    let form =
        if all == "/submit" { address_with("/submit", &[("url", url), ("title", title)]) } else { all };
    (title.to_owned(), form)
}

impl Arrival {
    /// `answers` is the author of the parent.
    pub fn of(
        came: &ArrivalQuery,
        item: &Item,
        eye: &ViewContext<'_>,
        answers: Option<UserId>,
    ) -> Option<Arrival> {
        let member = eye.member?;
        if let Some(title) = came.again.as_deref().filter(|_| item.url.is_some()) {
            let title = Title::parse(title).ok()?;
            // Anyone can craft this address, so only say what is true.
            let how = match eye.marks.votes.get(&item.id) {
                _ if item.is_own(Some(member)) => KnownUrl::Own,
                Some(_) if came.voted.is_some() => KnownUrl::VotedBefore,
                Some(_) => KnownUrl::Voted,
                None => return None,
            };
            return Some(Arrival {
                said: known(item, how, eye),
                typed: Some(excerpts_of(item, title.as_str(), "")),
            });
        }
        let dir = pending_vote::direction(came.vote.as_deref()?)?;
        Some(Arrival { said: why_not(item, member, dir, eye, answers), typed: None })
    }
}

/// Why the vote cannot be cast now.
fn why_not(
    item: &Item,
    member: &Member,
    dir: Option<Direction>,
    eye: &ViewContext<'_>,
    answers: Option<UserId>,
) -> String {
    let standing = eye.marks.votes.get(&item.id).filter(|vote| !vote.own);
    if let Some(standing) = standing.filter(|standing| Some(standing.dir) == dir) {
        return format!("You had already voted this {}. Your vote is unchanged.", standing.dir.as_str());
    }
    let refused = match (dir, standing) {
        (_, Some(standing)) => standing.may_undo(eye.policy, eye.now).err(),
        (Some(dir), None) => {
            item.may_vote(dir, member, answers == Some(member.id), eye.policy, eye.now).err()
        }
        (None, None) => return "You have not voted on this.".to_owned(),
    };
    match refused {
        Some(refused) => format!("Your vote was not cast. {refused}"),
        None => "Your vote has not been cast yet. You can vote here.".to_owned(),
    }
}
