use super::*;
use crate::domain::accounts::user::{Theme, UserId};
use crate::domain::items::comment_order::CommentOrder;
use crate::domain::items::thread::tests::comment;
use crate::domain::notification::DEAD_ALREADY;

const NOW: Timestamp = Timestamp(1_762_941_600);
const STILL_SEEN: &str = "Only you, moderators and members who show dead posts can see it.";

fn author(role: Role) -> Member {
    Member {
        id: UserId(7),
        name: "alice".to_owned(),
        role,
        karma: 1,
        created_at: Timestamp(0),
        shadow_banned_at: None,
        limited_until: None,
        show_dead: false,
        passkeys_only: false,
        theme: Theme::System,
        comment_order: CommentOrder::default(),
    }
}

fn own() -> Item {
    let then = NOW.minus(3_600);
    Item { author_id: Some(UserId(7)), time: then, visible_at: then, depth: 2, ..comment(2, 1) }
}

fn story() -> Item {
    Item { kind: Kind::Story, depth: 0, title: Some("A story".to_owned()), ..own() }
}

fn event(action: Action, reason: &'static str, detail: &'static str) -> LogEvent<'static> {
    LogEvent { action, by: "mia", reason, detail, at: NOW }
}

/// The author's view, one line each.
fn read(item: &Item, events: &[LogEvent<'_>], role: Role) -> Vec<String> {
    let fate = PostStatus::of(item, events, &author(role), &Policy::default(), NOW);
    let fate = fate.unwrap_or(PostStatus { turns: Vec::new(), next: Vec::new() });
    let next = fate.next.into_iter().map(|next| match next {
        AuthorOption::Edit(left) => format!("edit {}", left.unwrap_or_default()),
        AuthorOption::Wait(words) => words,
        AuthorOption::Delete => "delete".to_owned(),
        AuthorOption::Write => "write".to_owned(),
    });
    fate.turns.into_iter().map(|turn| turn.said).chain(next).collect()
}

/// Description, item, log events, and the result for each kind of viewer.
type Case<'a> = (&'a str, Item, Vec<LogEvent<'a>>, [Option<RemovedPost>; 5]);

#[test]
fn whoever_sees_only_the_place_of_a_comment_reads_what_happened_and_whose_it_was_if_they_may() {
    let viewer =
        |id: i64, role: Role, show_dead: bool| Some(Member { id: UserId(id), show_dead, ..author(role) });
    let visitor = None;
    let (member, shown_dead) = (viewer(8, Role::Member, false), viewer(8, Role::Member, true));
    let (own_author, moderator) = (viewer(7, Role::Member, false), viewer(9, Role::Moderator, false));
    let all = [&visitor, &member, &shown_dead, &own_author, &moderator];
    let written = Item { author: Some("alice".to_owned()), ..own() };
    let dead = |death| Item { dead: Some(death), ..written.clone() };
    let deleted = |item: Item| Item { deleted_at: Some(NOW), ..item };
    let gone = |heading: &str, said: &[&str]| {
        Some(RemovedPost {
            heading: heading.to_owned(),
            said: said.iter().map(|said| (*said).to_owned()).collect(),
        })
    };
    let killed = |said: &str| gone("Dead comment", &[said, READABLE]);
    let by_author = gone("Deleted comment", &["The author deleted this comment."]);
    let all_of_deleted = || {
        [
            by_author.clone(),
            by_author.clone(),
            by_author.clone(),
            gone("Your deleted comment", &["You deleted this comment."]),
            gone("Deleted comment by alice", &["The author deleted this comment."]),
        ]
    };
    let all_of_dead = |said: &str| [killed(said), killed(said), None, None, None];
    let kill = event(Action::Kill, "spam", "");
    let nothing = || [const { None }; 5];
    let cases: Vec<Case<'_>> = vec![
        ("live", written.clone(), vec![], nothing()),
        (
            "by a moderator",
            dead(DeadReason::Killed),
            vec![kill],
            all_of_dead("mia killed this. Reason: spam."),
        ),
        (
            "with a ban",
            dead(DeadReason::Killed),
            vec![event(Action::Kill, "spam", "with the ban of its author")],
            all_of_dead("mia killed this with the ban of its author. Reason: spam."),
        ),
        (
            "by flags",
            dead(DeadReason::Flagged),
            vec![event(Action::FlagKill, "rude", "8 flags")],
            all_of_dead("Members flagged this as rude, so it was killed."),
        ),
        (
            "by a rule",
            dead(DeadReason::Killed),
            vec![event(Action::RuleKill, "", "when it was posted")],
            all_of_dead("A moderation rule killed this when it was posted."),
        ),
        ("the log tells nothing", dead(DeadReason::Killed), vec![], all_of_dead(KILLED_BY_SOMEBODY)),
        ("by a shadow-ban", dead(DeadReason::Shadow), vec![], all_of_dead(KILLED_BY_SOMEBODY)),
        ("killed before", dead(DeadReason::Shadow), vec![kill], all_of_dead(KILLED_BY_SOMEBODY)),
        ("deleted", deleted(written.clone()), vec![], all_of_deleted()),
        ("deleted, killed before", deleted(dead(DeadReason::Killed)), vec![kill], all_of_deleted()),
        ("deleted, under a shadow-ban", deleted(dead(DeadReason::Shadow)), vec![], all_of_deleted()),
    ];
    for (what, item, events, expected) in cases {
        for (viewer, expected) in all.iter().zip(expected) {
            let who = viewer.as_ref().map(|viewer| (viewer.id, viewer.role, viewer.show_dead));
            assert_eq!(RemovedPost::of(&item, &events, viewer.as_ref(), NOW), expected, "{what}: {who:?}");
        }
    }
    let nameless = deleted(Item { author_id: None, author: None, ..story() });
    let expected = gone("Deleted story", &["This story was deleted before it was imported."]);
    for viewer in all {
        assert_eq!(RemovedPost::of(&nameless, &[], viewer.as_ref(), NOW), expected);
    }
}

#[test]
fn the_author_reads_what_happened_why_and_what_they_may_do() {
    let dead = |death| Item { dead: Some(death), ..own() };
    let by_hand = Item { cleared: true, ..dead(DeadReason::Killed) };
    let flags = event(Action::FlagKill, "rude", "8 flags");
    let vouches = "2 vouches restore it.";
    let cases: Vec<(&str, Item, Vec<LogEvent<'_>>, Vec<&str>)> = vec![
        ("nothing", own(), vec![], vec![]),
        ("a shadow-ban is not told", dead(DeadReason::Shadow), vec![], vec![]),
        (
            "killed by hand",
            by_hand.clone(),
            vec![event(Action::Kill, "spam", "")],
            vec!["mia killed your comment. Reason: spam.", STILL_SEEN, "delete", "write"],
        ),
        (
            "killed by flags",
            Item { kind: Kind::Story, vouches: 1, ..dead(DeadReason::Flagged) },
            vec![flags],
            vec![
                "Members flagged your story as rude, so it was killed.",
                STILL_SEEN,
                "2 vouches restore it; it has 1 so far.",
                "delete",
                "write",
            ],
        ),
        (
            "killed by flags, and a moderator agreed",
            by_hand,
            vec![event(Action::Kill, "", DEAD_ALREADY), flags, event(Action::Vouch, "", ""), flags],
            vec![
                "Members flagged your comment as rude, so it was killed.",
                "mia reviewed your comment and kept it dead.",
                STILL_SEEN,
                "delete",
                "write",
            ],
        ),
        (
            "killed by a rule",
            dead(DeadReason::Killed),
            vec![event(Action::RuleKill, "", "when it was posted")],
            vec![
                "A moderation rule killed your comment when it was posted.",
                STILL_SEEN,
                vouches,
                "delete",
                "write",
            ],
        ),
        (
            "dead from the start",
            Item { kind: Kind::Story, ..dead(DeadReason::Killed) },
            vec![],
            vec!["Your story was already dead when it was imported.", STILL_SEEN, vouches, "delete", "write"],
        ),
        (
            "flagged alive",
            Item { flags: 400, ..own() },
            vec![],
            vec![
                "Members flagged your comment, so it is marked and ranks lower. A moderator may review it \
                 and keep it.",
                "edit 1 hour",
                "delete",
                "write",
            ],
        ),
        (
            "flagged and let stand",
            Item { flags: 400, cleared: true, ..own() },
            vec![event(Action::Clear, "", "")],
            vec![],
        ),
        (
            "locked",
            Item { locked: true, ..story() },
            vec![event(Action::Lock, "heated!", ""), event(Action::Unlock, "", "")],
            vec!["mia locked your story: its thread is closed to new comments. Reason: heated!", "write"],
        ),
        ("unlocked", own(), vec![event(Action::Unlock, "", ""), event(Action::Lock, "heated", "")], vec![]),
        (
            "locked from above",
            Item { locked: true, ..own() },
            vec![],
            vec!["A moderator locked the thread above your comment, so it cannot be replied to.", "write"],
        ),
        (
            "moved up",
            Item { depth: 1, ..own() },
            vec![event(Action::Detach, "off-topic", "from below comment 5")],
            vec!["mia moved your comment and its replies to the top level. Reason: off-topic.", "write"],
        ),
        ("moved back", own(), vec![event(Action::Reattach, "", ""), event(Action::Detach, "", "")], vec![]),
        (
            "edited",
            Item { edited_at: Some(NOW), ..story() },
            vec![
                event(Action::Edit, "bait", "title changed from “Wow” to “A story”"),
                event(Action::Edit, "", "text changed"),
            ],
            vec![
                "mia edited your story: title changed from “Wow” to “A story”. Reason: bait.",
                "edit 1 hour",
                "write",
            ],
        ),
        (
            "edited, too long ago to be edited again",
            Item { time: Timestamp(0), visible_at: Timestamp(0), edited_at: Some(NOW), ..own() },
            vec![event(Action::Edit, "", "")],
            vec!["mia edited your comment.", "write"],
        ),
    ];
    for (case, item, events, expected) in cases {
        assert_eq!(read(&item, &events, Role::Member), expected, "{case}");
        assert!(may_have(&item, &Policy::default()) || expected.is_empty(), "{case}: the log is looked at");
    }
}

#[test]
fn a_moderator_has_the_desk_and_no_end_to_editing() {
    let flagged = Item { flags: 400, ..own() };
    assert_eq!(read(&flagged, &[], Role::Moderator)[1..], ["edit ", "delete"]);
}
