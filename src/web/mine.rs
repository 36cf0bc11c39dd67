//! The lists that a member alone sees: what they saved, hid, voted for, flagged and vouched for.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;

use crate::clock::Timestamp;
use crate::domain::item::{Item, ItemId, Kind, Sight, may_see};
use crate::domain::user::Member;
use crate::store::OwnFlag;
use crate::web::comments;
use crate::web::error::Error;
use crate::web::flat::FlatView;
use crate::web::news::{Empty, ROWS, ROWS_I64, in_order};
use crate::web::page::{Page, html};
use crate::web::ranked::Numbered;
use crate::web::rows::Stories;
use crate::web::session::CurrentMember;
use crate::web::state::App;
use crate::web::view::When;

#[derive(Template)]
#[template(path = "own.html")]
struct OwnPage<'a> {
    page: Page<'a>,
    stories: Stories,
    comments: Vec<FlatView>,
    /// What the member did to each, where that is to be said.
    notes: HashMap<ItemId, String>,
    /// Those that the member does not see any more.
    gone: Vec<Gone>,
    more: Option<String>,
    empty: Empty,
}

/// Something that went out of sight after its reader flagged it.
struct Gone {
    id: ItemId,
    what: &'static str,
    note: String,
}

impl Gone {
    fn new(item: &Item, notes: &mut HashMap<ItemId, String>) -> Option<Gone> {
        let what = if item.kind == Kind::Comment { "a comment" } else { "a story" };
        Some(Gone { id: item.id, what, note: notes.remove(&item.id)? })
    }
}

/// What a member reads of their flag.
fn note(flag: &OwnFlag, now: Timestamp) -> (ItemId, String) {
    let said = format!("You flagged it{} {}.", flag.reason.after_flagged(), When::new(flag.at, now).ago);
    let decided = flag.outcome.map_or_else(String::new, |outcome| format!(" {}", outcome.sentence()));
    (flag.item_id, said + &decided)
}

/// What stands on an empty list of those that somebody vouched for.
fn no_vouches(member: &Member) -> Empty {
    const NONE: &str = "You have vouched for nothing yet.";
    if member.show_dead {
        return Empty::new(NONE, "/", "Go to the front page");
    }
    let how =
        format!("{NONE} You meet what can be vouched for with “Show dead stories and comments” in your settings.");
    Empty::new(how, "/settings", "Go to the settings")
}

/// Which of a member's own lists.
#[derive(Clone, Copy)]
enum Own {
    Saved,
    Hidden,
    Upvoted,
    Flagged,
    Vouched,
}

async fn own(app: &App, asking: CurrentMember, which: Own, at: Numbered) -> Result<Response, Error> {
    let CurrentMember { viewer, member } = asking;
    let skip = i64::try_from(at.skip()).unwrap_or(0);
    let rows = ROWS_I64.saturating_add(1);
    let mut notes = HashMap::new();
    let (ids, path, title, what) = match which {
        Own::Saved => (app.store.saved(member.id, skip, rows).await?, "/saved", "Saved", "You have saved nothing yet."),
        Own::Hidden => {
            (app.store.hidden(member.id, skip, rows).await?, "/hidden", "Hidden", "You have hidden nothing.")
        }
        Own::Upvoted => {
            (app.store.upvoted(member.id, skip, rows).await?, "/upvoted", "Upvoted", "You have voted for nothing yet.")
        }
        Own::Flagged => {
            let flags = app.store.flagged(member.id, skip, rows).await?;
            notes.extend(flags.iter().map(|flag| note(flag, viewer.now)));
            let ids = flags.into_iter().map(|flag| flag.item_id).collect();
            (ids, "/flagged", "Flagged", "You have flagged nothing yet.")
        }
        Own::Vouched => (app.store.vouched(member.id, skip, rows).await?, "/vouched", "Vouched for", ""),
    };
    let more = (ids.len() > ROWS).then(|| at.next(path));
    let ids: Vec<ItemId> = ids.into_iter().take(ROWS).collect();
    let items = in_order(app.store.items(&ids).await?, &ids);
    let hidden = |item: &&Item| may_see(item, Some(&member), viewer.now) == Sight::Hidden;
    let gone: Vec<Gone> = items.iter().filter(hidden).filter_map(|item| Gone::new(item, &mut notes)).collect();
    let visible =
        items.iter().filter(|item| matches!(may_see(item, Some(&member), viewer.now), Sight::Whole | Sight::Dead(_)));
    let (stories, others): (Vec<Item>, Vec<Item>) = visible.cloned().partition(|item| item.kind.is_root());
    let page = Page::new(app, &viewer, "", title);
    let flat = comments::flat(app, &viewer, &others).await?;
    let empty = match (ids.is_empty(), member.show_dead) {
        (true, _) if matches!(which, Own::Vouched) => no_vouches(&member).on(at),
        (true, _) => Empty::new(what, "/", "Go to the front page").on(at),
        (false, true) => Empty::new("All that stood here is deleted by now.", "/", "Go to the front page"),
        (false, false) => Empty::new(
            "All that stood here is dead or deleted by now. Your settings can show you what is dead.",
            "/settings",
            "Go to the settings",
        ),
    };
    let stories = app.rows.write_with(&stories, &notes, &viewer, app).await?;
    Ok(html(&OwnPage { page, stories, comments: flat, notes, gone, more, empty }))
}

/// `/saved`
pub async fn saved(
    State(app): State<App>,
    asking: CurrentMember,
    Query(at): Query<Numbered>,
) -> Result<Response, Error> {
    own(&app, asking, Own::Saved, at).await
}

/// `/hidden`
pub async fn hidden(
    State(app): State<App>,
    asking: CurrentMember,
    Query(at): Query<Numbered>,
) -> Result<Response, Error> {
    own(&app, asking, Own::Hidden, at).await
}

/// `/upvoted`
pub async fn upvoted(
    State(app): State<App>,
    asking: CurrentMember,
    Query(at): Query<Numbered>,
) -> Result<Response, Error> {
    own(&app, asking, Own::Upvoted, at).await
}

/// `/flagged`
pub async fn flagged(
    State(app): State<App>,
    asking: CurrentMember,
    Query(at): Query<Numbered>,
) -> Result<Response, Error> {
    own(&app, asking, Own::Flagged, at).await
}

/// `/vouched`
pub async fn vouched(
    State(app): State<App>,
    asking: CurrentMember,
    Query(at): Query<Numbered>,
) -> Result<Response, Error> {
    own(&app, asking, Own::Vouched, at).await
}
