//! Every statement that requests run uses an index, so that no page's cost grows with the site.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use stoa::clock::Timestamp;
use stoa::domain::accounts::recovery_code::RecoveryCode;
use stoa::domain::accounts::totp::TotpSecret;
use stoa::domain::accounts::user::Role;
use stoa::domain::conversations::MessageKind;
use stoa::domain::face::first_steps::FirstStep;
use stoa::domain::face::image::{ImageFormat, ImageKind};
use stoa::domain::items::item::{ItemId, Kind};
use stoa::domain::limits::policy::Policy;
use stoa::domain::moderation::rules::{Effect, Pattern, RuleKind};
use stoa::domain::votes::vote::Direction;
use stoa::store::{Edit, Edited, ImageRow, NewBan, NewItem, NewPage, NewUrl, NewVote, RetentionPolicy};

use crate::http::roles::{Who, case, forum, report, table};
use crate::mail::statements::use_mail;
use crate::store::prepared_statements::alone;
use crate::support::app::{Browser, TestApp};
use crate::support::authenticator::Authenticator;

/// Steps that several statements take, and why they are bounded.
const SORTED: &str = "USE TEMP B-TREE FOR ORDER BY";
const ADMINS: &str = "SCAN users USING INDEX users_admins";
const A_PAGE: &str = "a page, in the order of the index";
const AT_MOST_100: &str = "at most 100, which the statement counts";
const OPENED: &str = "a database that is opened";
const STATISTICS: &str = "the job that counts statistics";
const NEWEST_50: &str = "the newest 50, in the order of the index";

/// Allowed exceptions: the step's beginning, a part of its statement, and why it is bounded.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    (
        "SCAN items USING INDEX items_ranked",
        " order by rank_time desc, id desc limit ",
        "the newest 1,000, in the order of the index",
    ),
    (
        "SCAN items USING INDEX items_best",
        "order by score desc, id desc limit ",
        "the best 1,000, in the order of the index",
    ),
    (
        "SCAN items USING COVERING INDEX items_comments_active",
        " order by time desc limit ",
        "the newest 2,000, from the index alone",
    ),
    (SORTED, " and time >= $1 order by +score desc, id desc limit ", "a span's scores, from the index alone"),
    ("SCAN users USING INDEX users_leaders", " order by karma desc, id limit ", A_PAGE),
    ("SCAN users USING COVERING INDEX users_admins", " where role = 'admin' limit 1", "one row"),
    (ADMINS, " where role = 'admin' and (banned_at ", "the few admins"),
    (ADMINS, " where role = 'admin' order by id limit 1", "one row"),
    ("SCAN settings", "select name, value from settings", "as many as there are, when the forum starts"),
    ("SCAN chosen_settings", " from chosen_settings", "as many as there are settings, after a change"),
    ("SCAN pages USING INDEX", " from pages order by slug limit 100", "at most 53"),
    ("SCAN pages", "select count(*) from pages", "the same"),
    ("SCAN images", "select kind, format, hash from images", "at most two"),
    ("SCAN first_steps", "select name from first_steps", "the same"),
    ("SCAN invitations", "select id from invitations limit 1", "one row"),
    ("SCAN inbox", " order by id limit 10000) as oldest ", "the oldest 10,000, once an hour"),
    ("SCAN oldest", " as oldest where created_at ", "the same"),
    ("SCAN n", " limit 300) as n left join ", "the newest 300 that are unread"),
    ("SCAN counted", " limit $2) as counted", "the posts of one person, at most 10,001"),
    ("SCAN waiting_items", " limit $3) as waiting_items)", AT_MOST_100),
    (
        "SCAN last_stories",
        " limit 50) as last_stories ",
        "an author's last 50, for each row of a page of the queue",
    ),
    ("SCAN last_comments", " limit 50) as last_comments ", "the same of comments"),
    ("SCAN m USING INDEX moderation_log_", " order by m.created_at desc, m.id desc limit ", A_PAGE),
    ("SCAN r", "from rules r ", "at most 500, which are kept in memory"),
    ("SCAN b", "with recursive below (id) ", "what was found below a comment so far"),
    (
        "SCAN signup_requests USING INDEX signup_requests_pending",
        " from signup_requests where decision is null limit $",
        "as many as may wait, or 100 where they are shown",
    ),
    ("SCAN waiting_requests", " limit $", "the same"),
    ("SCAN waiting_conversations", " limit $3) as waiting_conversations)", AT_MOST_100),
    ("SCAN waiting_outsiders", " limit $2) as waiting_outsiders", "as many as may wait"),
    ("SCAN first_stories", " limit 3) as first_stories ", "a person's first three"),
    ("SCAN first_comments", " limit 3) as first_comments", "the same of comments"),
    ("SCAN up", "with recursive up (id, step)", "as many steps as the statement says"),
    ("SCAN more", "with more (id, ", "the values of the statement itself"),
    (
        "SCAN last_hashes",
        " limit 20) as last_hashes ",
        "an author's last 20, for each address that is asked for",
    ),
    ("SCAN s USING INDEX items_new", " limit 50) as newest_stories ", NEWEST_50),
    ("SCAN newest_stories", " limit 50) as newest_stories ", "the same"),
    ("SCAN c USING INDEX items_comments", " limit 50) as newest_comments", NEWEST_50),
    ("SCAN newest_comments", " limit 50) as newest_comments", "the same"),
    ("SCAN mails USING COVERING INDEX mails_due", " limit $1) as waiting_mails)", "10,000, for admins"),
    ("SCAN waiting_mails", " limit $1) as waiting_mails)", "the same"),
    ("SCAN queued_items", " limit $1) as queued_items", "10,000, for metrics"),
    ("SCAN failed_mails", " limit $1) as failed_mails)", "the same of what failed"),
    ("SCAN mails USING INDEX mails_refused", " order by id desc limit $1", A_PAGE),
    ("SCAN (subquery-", " as newest where nth <= ", "what is due for a hundred members"),
    ("SCAN newest", " as newest where nth <= ", "the same"),
    (SORTED, " as newest where nth <= ", "21 for each of them"),
    // Inserting a parent row has a plan step for earlier child rows. It runs only while a foreign key is
    // violated (SQLite's OP_FkIfZero), which never happens: parents are written first.
    ("SCAN ", "insert into users (name, ", "not run"),
    ("SCAN ", "insert into items (", "not run"),
];

/// Texts of SQL that no request runs: a part of each, and who does.
const NOT_FROM_REQUESTS: &[(&str, &str)] = &[
    ("select coalesce(max(version), 0) from _sqlx_migrations", OPENED),
    ("select version, success, checksum from _sqlx_migrations order by version", "a backup that is checked"),
    ("select type, name, sql from sqlite_master", "the same"),
    ("select cast(value as bigint) from instance", OPENED),
    (" secrets ", OPENED),
    ("select version()", OPENED),
    ("select current_setting(", OPENED),
    ("select exists (select 1 from pg_class", OPENED),
    ("instance where name", OPENED),
    ("instance (name, value) values ('moving'", "a move"),
    ("as place_in_key", "a move"),
    ("pg_get_constraintdef", "a move"),
    ("pg_sequence_last_value", "a move"),
    ("setval(", "a move"),
    ("sqlite_sequence", "a move"),
    ("delete from secrets", "a move"),
    ("\"{", "a move, for each table"),
    ("({key})", "the same"),
    ("items_id_seq", "an import into PostgreSQL"),
    ("select pg_notify(", "no look-up, and PostgreSQL alone"),
    ("from pg_stat_activity where ", "one row for each connection, and PostgreSQL alone"),
    ("select pg_advisory_xact_lock", "the same"),
    ("idle_in_transaction_session_timeout", "a move"),
    ("rate_buckets", "by the primary key, and PostgreSQL alone"),
    ("insert into votes (user_id, item_id, dir, counted, created_at)", "a site that is made up"),
    ("insert into monthly_statistics (month, ", STATISTICS),
    ("select min(at) from (select min(created_at)", STATISTICS),
    (" and v.created_at >= u.created_at + $3 and ", STATISTICS),
    (" count(distinct author_id) as authors from ", STATISTICS),
    ("select count(distinct user_id) from sessions ", STATISTICS),
    (" from votes where not own group by day", STATISTICS),
    ("select f.first, min(l.created_at) as decided from ", STATISTICS),
];

/// The narrow indices of the lists, each with a part of the statement that it was made for.
const CHOSEN: [(&str, &str); 11] = [
    (
        "items_new",
        "where i.dead is null and i.deleted_at is null and i.kind in ('story', 'job', 'poll') and (i.time, \
         i.id) <",
    ),
    ("items_new", " and time >= $1 and time < $2 order by time desc"),
    ("items_best_since", "kind in ('story', 'job', 'poll') and time >= $1 order by +score"),
    ("items_best_comments_since", "kind = 'comment' and time >= $1 order by +score"),
    ("items_section", "where section = $1"),
    (
        "items_comments",
        "where i.dead is null and i.deleted_at is null and i.kind = 'comment' and (i.time, i.id) <",
    ),
    (
        "items_submitted_live",
        "where i.author_id = $1 and i.kind in ('story', 'job', 'poll') and i.dead is null",
    ),
    ("items_commented_live", "where i.author_id = $1 and i.kind = 'comment' and i.dead is null"),
    ("moderation_log_by_actor_and_action", " and m.action = ? and m.actor_id = ?"),
    ("items_site", "where i.site = $1"),
    ("items_domain", "where i.domain = $1"),
];

#[test]
fn every_statement_of_the_forum_goes_by_an_index() {
    alone("store::query_plans::every_statement_of_the_forum_goes_by_an_index", |statements| async move {
        let app = forum().await;
        Box::pin(use_everything(&app)).await;
        let collected = statements.taken().await.into_iter().collect();
        let missing = never_collected(&collected);
        assert!(missing.is_empty(), "nothing here runs these parts of statements:\n{}", missing.join("\n"));
        let refused = refused_plans(&app, collected).await;
        assert!(refused.is_empty(), "{}", refused.join("\n\n"));
    });
}

pub async fn use_everything(app: &TestApp) {
    for row in table() {
        for who in Who::ALL {
            case(app, &row, who).await.send(row.method.clone(), &[("sec-fetch-site", "same-origin")]).await;
        }
    }
    for who in [Who::Visitor, Who::Shadowed, Who::Moderator] {
        let mut browser = case(app, &table()[0], who).await.browser;
        read_on(&mut browser).await;
    }
    let mut alice = app.member("alice").await;
    let story = alice.story("A story of a site", "https://github.com/rust-lang/rust").await;
    alice.get(&format!("/item/{story}")).await;
    alice.get(&format!("/events?thread={story}")).await;
    move_about(app, &mut alice).await;
    Box::pin(use_what_is_rare(app, &mut alice)).await;
    // The same address again becomes a vote.
    app.member("bob").await.story("The same story", "https://github.com/rust-lang/rust").await;
    app.pass(4_000);
    alice.get("/").await;
    let id = 900_000_001;
    let thread = [new_item(id, None), new_item(id + 1, Some(id))];
    app.store.import(&thread, 100).await.expect("imported");
    let more = [thread, [new_item(id, None), new_item(id + 2, Some(id))]].concat();
    app.store.import(&more, 100).await.expect("imported again");
    app.store.imported(&[id, id + 1]).await.expect("found");
    app.store
        .purge(
            RetentionPolicy {
                browsers: 0,
                revisions: 0,
                ip_hashes: 0,
                invitations: 0,
                requests_waiting: 0,
                requests_decided: 0,
                inbox: 0,
                conversations: 0,
            },
            app.now(),
        )
        .await
        .expect("purged");
    app.store.claim("someone", "hash", app.now()).await.expect("claimed");
    use_mail(app).await;
    app.store.reports_between(Timestamp(0), app.now()).await.expect("read");
    app.sql(&format!("update items set dead = 'flagged' where id = {story}")).await;
    let easy = Policy { vouches_to_restore: 1, ..app.policy() };
    let (bob, story) = (app.id_of("bob").await, stoa::domain::items::item::ItemId(story));
    assert!(app.store.vouch(bob, story, &easy, app.now()).await.expect("vouched"), "it is back");
    let act = stoa::store::ActionContext { actor: None, reason: "", at: app.now() };
    app.store.set_role(app.id_of("alice").await, Role::Moderator, act).await.expect("a role");
    look_around(app, &mut alice).await;
    let hal = app.id_of("hal").await;
    let ban = NewBan { user: hal, until: None, over: None, taking_since: Some(Timestamp(0)) };
    let taken = app.store.ban(ban, act).await.expect("banned");
    assert_eq!(app.store.taken_with_ban(hal).await.expect("counted"), taken);
    assert_eq!(app.store.unban(hal, true, act).await.expect("lifted"), taken);
}

/// Looks of every kind, seen before they are written, and written.
async fn look_around(app: &TestApp, alice: &mut Browser) {
    let story = alice.text_story("A thread", "Words.").await;
    app.pass(4_000);
    app.member("hal").await.reply(story, "An answer for @alice.").await;
    for path in ["/inbox", &format!("/item/{story}"), "/new", "/settings/sessions", "/past?day=2001-02-03"] {
        alice.get(path).await;
    }
    app.store.flush_activity().await.expect("written");
}

/// What few do.
async fn use_what_is_rare(app: &TestApp, alice: &mut Browser) {
    app.store.queue_size().await.expect("counted");
    let (user, at) = (app.id_of("alice").await, app.now());
    alice.get("/sitemaps/2026-11.xml").await;
    app.store.follow_search(user, "story", at.minus(9)).await.expect("followed");
    assert!(!app.store.searches_after("", 9).await.expect("searches").is_empty());
    let newest = app.store.item(ItemId(1)).await.expect("an item");
    app.store.tell_of_results("story", &[newest], at).await.expect("told");
    app.store.unfollow_search(user, "story").await.expect("done");
    // What members who see dead posts see of others.
    app.account("carol", Role::Member).await;
    app.sql("update users set show_dead = true where name = 'carol'").await;
    let mut carol = app.session("carol").await;
    for list in ["", "/submissions", "/comments"] {
        carol.get(&format!("/user/alice{list}")).await;
    }
    let act = stoa::store::ActionContext { actor: None, reason: "", at };
    app.store.knows_browser(&[0; 32], user).await.expect("an answer");
    app.store.browser_owner(&[0; 32]).await.expect("an answer");
    app.store.first_admin().await.expect("an answer");
    app.store.names(&[user]).await.expect("an answer");
    app.sql("update users set about = '' where id = 0").await;
    app.store.detect_external_writes().await.expect("noticed");
    app.store.purge_changes().await.expect("purged");
    app.store.purge_buckets(at).await.expect("purged");
    for now in [at, at.plus(stoa::clock::DAY)] {
        assert!(app.store.claim_job("a job", 1, now).await.expect("claimed"));
        assert!(app.store.renew_lease("a job", now).await.expect("renewed"));
        app.store.end_lease("a job", now).await.expect("ended");
    }
    app.store.see_in_inbox(user, ItemId(1), 1, at);
    let last = app.store.last_inbox_row().await.expect("an answer");
    app.store.inbox_rows_after(last.saturating_sub(1_000), 1_000).await.expect("an answer");
    let (secret, code) = (TotpSecret::random().expect("randomness"), RecoveryCode::random().expect("one"));
    app.store.start_totp(user, &secret, at).await.expect("started");
    app.store.confirm_totp(user, &secret.code(at), &[code], at).await.expect("on");
    let known = app.store.credentials("alice").await.expect("an answer").expect("an account");
    let verified = known.password.unwrap_or_default();
    app.store.begin_pending_login(&[7; 32], (user, &verified), at.plus(60)).await.expect("begun");
    assert!(app.store.pass_with_totp(&[7; 32], "", at).await.is_err());
    let mut passkey = Authenticator::of(alice, "phone").await;
    let confirmation = passkey.confirmation(alice).await;
    alice.post("/settings/recovery", &[("password", &confirmation)]).await;
    passkey.log_in(&mut app.visitor()).await;
    app.store.log_in_with_passkeys_only(user, at).await.expect("ended");
    app.store.ask_for_export(user, at).await.expect("asked");
    stoa::jobs::make_exports(&app.app).await.expect("made");
    app.store.export_archive(user, at).await.expect("an answer");
    app.store.present_name("nobody-had-it").await.expect("an answer");
    use_the_face(app, act).await;
    for value in ["one", "another"] {
        app.store.keep_settings(&[("min_karma_to_flag", value.to_owned())], act).await.expect("kept");
    }
    for (pattern, effect) in [("queued", Effect::Queue), ("killed", Effect::Kill), ("kept", Effect::Hold)] {
        let pattern = Pattern::parse(RuleKind::Word, pattern).expect("a pattern");
        app.store.add_rule(&pattern, effect, act).await.expect("a rule");
    }
    for text in ["Some are queued.", "Some are killed."] {
        alice.text_story("A story that meets a rule", text).await;
    }
    let waits = ItemId(alice.text_story("A story that waits", "Some are kept.").await);
    let by = stoa::store::ActionContext { actor: Some(app.id_of("chief").await), ..act };
    assert_eq!(app.store.decide_held(&[(waits, 0)], false, by).await.expect("declined"), 1);
    let declined = stoa::domain::moderation::action::Action::DeclinePost;
    let chief = app.id_of("chief").await;
    assert_eq!(app.store.decided_at(chief, declined, at).await.expect("counted"), 1);
    assert_eq!(app.store.undo_decision(at, false, by).await.expect("undone"), 1);
    let dead = ItemId(alice.text_story("A story that was killed and reported", "Words.").await);
    app.sql(&format!("update items set dead = 'killed', cleared = true where id = {dead}")).await;
    let reported = report(app, dead).await.parse().expect("a number");
    app.store.decide_report(reported, MessageKind::Removed, by).await.expect("decided");
    let story = alice.story("A story of another site", "https://example.com/another").await;
    for on in [true, false] {
        app.store.save(user, ItemId(story), on, at).await.expect("saved");
        app.store.hide(user, ItemId(story), on, at).await.expect("hidden");
    }
    let edit = Edit {
        item: ItemId(story),
        editor: user,
        version: 0,
        title: Some("A story"),
        url: NewUrl::TakenOut,
        section: None,
        text: "Words.",
        reason: "",
        stopped: None,
        policy: &app.policy(),
    };
    assert!(matches!(app.store.edit(edit.clone(), at).await, Ok(Edited::Done)));
    // Nearly all of what was answered is taken away.
    alice.reply(story, "An answer for @alice.").await;
    let later = Edit { version: 1, url: NewUrl::Same, text: ".", ..edit };
    assert!(matches!(app.store.edit(later, at.plus(stoa::clock::HOUR)).await, Ok(Edited::Done)));
    let link = alice.story("A story that is answered", "https://example.com/answered").await;
    alice.reply(link, "An answer.").await;
}

/// Settings, pages and images, as admins choose them.
async fn use_the_face(app: &TestApp, act: stoa::store::ActionContext<'_>) {
    let by = stoa::store::ActionContext { actor: Some(app.id_of("chief").await), ..act };
    let known = [("site_name".to_owned(), "Looms".to_owned())];
    for (known, text) in [(BTreeMap::new(), Some("Looms".to_owned())), (BTreeMap::from(known), None)] {
        let (before, after) = ("\"a\"".to_owned(), "\"b\"".to_owned());
        let chosen = stoa::store::ChosenSetting { name: "site_name", text, before, after };
        app.store.choose_settings(&[chosen], &known, by).await.expect("chosen");
    }
    for version in [None, Some(0)] {
        let page = NewPage { slug: "about", title: "About", text: "Words.", in_footer: true, version };
        app.store.save_page(page, by).await.expect("saved");
    }
    assert!(app.store.page("about").await.expect("an answer").is_some());
    app.store.delete_page("about", by).await.expect("deleted");
    let logo = ImageRow { kind: ImageKind::Logo, format: ImageFormat::Png, hash: "0a".to_owned() };
    app.store.put_image(&logo, b"PNG", by).await.expect("put");
    assert!(app.store.image(ImageKind::Logo).await.expect("an answer").is_some());
    app.store.remove_image(ImageKind::Logo, by).await.expect("removed");
    app.store.finish_step(FirstStep::Backup, app.id_of("chief").await, act.at).await.expect("done");
    app.store.has_invited().await.expect("an answer");
    app.store.stored_face().await.expect("an answer");
}

/// What moderators move, and back.
async fn move_about(app: &TestApp, alice: &mut Browser) {
    let (one, other) =
        (alice.text_story("One story", "Words.").await, alice.text_story("Another", "Words.").await);
    let above = alice.reply(one, "Above.").await;
    let below = alice.reply(above, "Below.").await;
    let (one, other, below) = (ItemId(one), ItemId(other), ItemId(below));
    let act = stoa::store::ActionContext { actor: None, reason: "", at: app.now() };
    app.store.detach(below, act).await.expect("moved up");
    app.store.reattach(below, act).await.expect("moved back");
    app.store.merge(one, other, act).await.expect("merged");
    app.store.unmerge(one, act).await.expect("taken out");
    app.store.give_second_chance(one, Some(app.now().plus(1)), act).await.expect("a second chance");
    vote_together(app, &[one, other, below]).await;
}

/// Votes of several people at one moment, and the same taken back.
async fn vote_together(app: &TestApp, items: &[ItemId]) {
    let (carl, dora) = (app.account("carl", Role::Member).await, app.account("dora2", Role::Member).await);
    // So few that it matters who wrote what was posted last.
    let policy = Policy { vote_ring_window: 1, ..app.policy() };
    for dir in [Some(Direction::Up), None] {
        let ip_hashes = Some(app.store.ip_hash_key().hashes([203, 0, 113, 5].into()));
        let vote = |user, item| app.store.vote(NewVote { user, item, dir, ip_hashes }, &policy, app.now());
        let votes = tokio::join!(
            vote(carl, items[0]),
            vote(carl, items[1]),
            vote(dora, items[0]),
            vote(dora, items[2])
        );
        assert!(votes.0.is_ok() && votes.1.is_ok() && votes.2.is_ok() && votes.3.is_ok());
    }
}

/// The lists' later pages, for whom dead items show too.
async fn read_on(browser: &mut Browser) {
    for path in [
        "/new?before=3",
        "/comments?before=3",
        "/from/github.com/rust-lang?before=3",
        "/best?over=week",
        "/best?over=all&p=2",
        "/search?q=some+words",
        "/search?q=some+author:chief+in:3+points%3E1",
        "/user/chief/submissions?before=3",
        "/user/chief/comments?before=3",
        "/inbox?at=1795435200&before=3",
        "/inbox?show=unread",
        "/mod?at=1795435200&before=3",
        "/mod/new?at=1795435200&before=3",
        "/mod/votes?at=1795435200&voter=3&before=3",
        "/log?before=3",
        "/log?act=kill&before=3",
        "/log?moderator=chief&act=kill",
        "/log?person=chief&act=ban",
        "/log?item=3&act=kill",
        "/saved?p=2",
        "/hidden?p=2",
        "/upvoted?p=2",
        "/flagged?p=2",
        "/vouched?p=2",
    ] {
        browser.get(path).await;
    }
}

fn new_item(source_id: i64, parent: Option<i64>) -> NewItem {
    NewItem {
        source_id,
        kind: if parent.is_some() { Kind::Comment } else { Kind::Story },
        author: Some("someone".to_owned()),
        time: Timestamp(1),
        parent,
        import_rank: None,
        title: parent.is_none().then(|| "Imported".to_owned()),
        url: None,
        section: None,
        text: String::new(),
        points: Some(3),
        votes: Vec::new(),
        dead: false,
        deleted: false,
    }
}

async fn refused_plans(app: &TestApp, statements: BTreeSet<String>) -> Vec<String> {
    let own = |sql: &&String| {
        let verb = sql.split_whitespace().next().unwrap_or("").to_lowercase();
        ["select", "insert", "update", "delete", "with"].contains(&verb.as_str())
            && !["_sqlx_migrations", "sqlite_master", "sqlite_sequence"]
                .iter()
                .any(|table| sql.contains(table))
    };
    let statements: Vec<String> = statements.iter().filter(own).cloned().collect();
    assert!(statements.len() > 80, "only {} statements were collected", statements.len());
    let mut db = app.connection().await;
    let mut refused = Vec::new();
    let (mut needed, mut chosen) = (BTreeSet::new(), BTreeSet::new());
    for sql in statements {
        let plan: Vec<(i64, i64, i64, String)> = db.rows(&format!("explain query plan {sql}")).await;
        for (index, _) in CHOSEN.iter().filter(|(_, part)| sql.contains(part)) {
            if plan.iter().any(|(_, _, _, step)| step.contains(&format!(" INDEX {index} "))) {
                chosen.insert(*index);
            } else {
                refused.push(format!("without {index}: {plan:?}\n  in {sql}"));
            }
        }
        for (_, _, _, step) in &plan {
            if is_bounded(step) {
                continue;
            }
            match EXCEPTIONS.iter().find(|(known, part, _)| step.starts_with(known) && sql.contains(part)) {
                Some(exception) => {
                    needed.insert(*exception);
                }
                None => refused.push(format!("{step}\n  in {sql}")),
            }
        }
    }
    refused.extend(
        CHOSEN
            .iter()
            .filter(|(index, _)| !chosen.contains(index))
            .map(|(index, _)| format!("{index} is not used")),
    );
    refused.extend(
        EXCEPTIONS
            .iter()
            .filter(|known| !needed.contains(*known))
            .map(|known| format!("no longer needed: {known:?}")),
    );
    refused
}

/// Words that texts of SQL begin with.
const BEGINNINGS: [&str; 12] =
    ["select", "insert", "update", "delete", "with", "where", "and", "or", "order", "union", "values", "set"];

/// The texts of SQL in the store's sources that stand in no statement that was collected.
fn never_collected(collected: &BTreeSet<String>) -> Vec<String> {
    let known: Vec<String> = collected.iter().map(|sql| in_one_line(sql)).collect();
    let mut missing = Vec::new();
    for (file, text) in texts_of_store() {
        let text = in_one_line(&text);
        let is_sql =
            text.split(' ').next().is_some_and(|word| BEGINNINGS.contains(&word)) && text.contains(' ');
        let is_known = known.iter().any(|sql| sql.contains(&text));
        let is_exempt = NOT_FROM_REQUESTS.iter().any(|(part, _)| text.contains(part));
        if is_sql && !is_known && !is_exempt {
            missing.push(format!("{file}: {text}"));
        }
    }
    missing
}

fn in_one_line(sql: &str) -> String {
    sql.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The string literals of `src/store`, by file.
pub fn texts_of_store() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store");
    let mut folders = vec![root.clone()];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let source = std::fs::read_to_string(&path).expect("a file");
            let code = source.split("#[cfg(test)]").next().unwrap_or(&source);
            let code: Vec<&str> = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
            let name = path.strip_prefix(&root).expect("within").to_string_lossy().into_owned();
            found.extend(literals(&code.join("\n")).into_iter().map(|text| (name.clone(), text)));
        }
    }
    assert!(found.len() > 200, "the sources are read");
    found
}

/// The string literals of a source, with their escapes resolved as far as SQL needs it.
fn literals(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut chars = code.chars();
    while let Some(c) = chars.next() {
        // A quotation mark as a character is no beginning.
        if c == '\'' && chars.as_str().starts_with("\"'") {
            chars.next();
        } else if c == '"' {
            let mut text = String::new();
            while let Some(c) = chars.next() {
                match c {
                    '"' => break,
                    '\\' => match chars.next() {
                        // What follows is one text, up to the next word.
                        Some('\n') => chars = chars.as_str().trim_start().chars(),
                        Some(escaped) => text.push(escaped),
                        None => {}
                    },
                    c => text.push(c),
                }
            }
            found.push(text);
        }
    }
    found
}

/// Whether a step goes by an index to what it is about, in the order that is asked for.
fn is_bounded(step: &str) -> bool {
    let constants =
        (step.starts_with("SCAN ") && step.contains("CONSTANT ROW")) || step.contains("-ROW VALUES CLAUSE");
    constants || !(step.starts_with("SCAN ") || step.starts_with(SORTED))
}
