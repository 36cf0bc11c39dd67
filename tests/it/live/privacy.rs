//! What is told to nobody who may not see it, and for no longer than they may.

use stoa::domain::accounts::user::Role;

use crate::live::{Listener, forum};
use crate::support::app::PASSWORD;

#[tokio::test]
async fn what_others_may_not_see_is_never_told() {
    let app = forum().await;
    let mut alice = app.member("alice").await;
    let story = alice.text_story("A story", "Words.").await;
    let mut shadowed = app.member("shadow").await;
    let mut ruled = app.member("ruled").await;
    let mut moderator = app.person("mod", Role::Moderator).await;
    moderator.post("/user/shadow/shadow", &[("on", "true"), ("shadow_reason", "spam")]).await;
    let rule =
        [("kind", "word"), ("pattern", "lottery"), ("effect", "kill"), ("reason", "spam"), ("add", "true")];
    moderator.post("/mod/rules", &rule).await;
    app.pass(300);
    let (thread, new) =
        (format!("/events?thread={story}"), format!("/events?list=new&after={}", app.now().0));
    let mut visitor = Listener::open(&mut app.visitor(), &thread).await;
    let mut list = Listener::open(&mut app.visitor(), &new).await;
    let hidden = shadowed.reply(story, "Nobody reads this.").await;
    ruled.reply(story, "Win the lottery.").await;
    shadowed.text_story("Nobody reads this either", "Words.").await;
    assert_eq!(app.number("select count(*) from items where dead is not null").await, 3, "dead at once");
    assert!(visitor.is_quiet().await && list.is_quiet().await);
    let answer = alice.reply(story, "Everybody reads this.").await;
    let told = visitor.hears("comments", &[answer]).await;
    assert!(told.iter().all(|told| !told.ids().contains(&hidden)), "{told:?}");
}

#[tokio::test]
async fn what_a_member_has_muted_does_not_count() {
    let app = forum().await;
    let mut alice = app.member("alice").await;
    let mut bob = app.member("bob").await;
    let story = alice.text_story("A story", "Words.").await;
    let mut reader = app.member("reader").await;
    app.pass(300);
    let mut page = Listener::open(&mut reader, &format!("/events?thread={story}")).await;
    let mut list = Listener::open(&mut reader, &format!("/events?list=new&after={}", app.now().0)).await;
    // While the pages are open.
    reader.post("/settings/muted", &[("kind", "person"), ("value", "bob"), ("on", "true")]).await;
    reader.post("/settings/muted", &[("kind", "word"), ("value", "crypto"), ("on", "true")]).await;
    assert_eq!(app.number("select count(*) from mutes").await, 2);
    assert!(page.is_quiet().await);
    bob.reply(story, "By a muted person.").await;
    alice.reply(story, "All about crypto.").await;
    bob.text_story("By a muted person", "Words.").await;
    alice.text_story("All about crypto", "Words.").await;
    assert!(page.is_quiet().await && list.is_quiet().await);
    let comment = alice.reply(story, "About looms.").await;
    page.hears("comments", &[comment]).await;
    let loom = alice.text_story("About looms", "Words.").await;
    list.hears("stories", &[loom]).await;
}

#[tokio::test]
async fn a_stream_ends_with_its_session() {
    let app = forum().await;
    let story = app.member("alice").await.text_story("A story", "Words.").await;
    let address = format!("/events?thread={story}");
    let mut leaver = app.member("leaver").await;
    let stream = Listener::open(&mut leaver, &address).await;
    leaver.post("/logout", &[]).await;
    stream.ends().await;

    let mut banned = app.member("banned").await;
    let stream = Listener::open(&mut banned, &address).await;
    app.ban("banned").await;
    stream.ends().await;

    let mut changer = app.member("changer").await;
    let mut elsewhere = app.log_in("changer").await;
    let stream = Listener::open(&mut elsewhere, "/events").await;
    let mut kept = Listener::open(&mut changer, "/events").await;
    let new = "six entirely different words";
    let form = [("current", PASSWORD), ("password", new)];
    changer.post("/settings/password", &form).await;
    stream.ends().await;
    assert!(kept.is_quiet().await);
    let mut bob = app.member("bob").await;
    bob.text_story("@changer, look", "Of @changer.").await;
    assert_eq!(kept.next().await.data, "1", "where it was changed, it goes on");
}

#[tokio::test]
async fn only_members_listen_where_only_members_read() {
    let app = forum().await;
    let mut alice = app.person("alice", Role::Admin).await;
    let story = alice.text_story("A story", "Words.").await;
    let address = format!("/events?thread={story}");
    let visitor = Listener::open(&mut app.visitor(), &address).await;
    let mut member = Listener::open(&mut alice, &address).await;
    let mut config = app.config.clone();
    config.site.reading = stoa::config::Readers::Members;
    app.app.replace_settings(config);
    visitor.ends().await;
    assert_eq!(app.visitor().get(&address).await.status, 303, "to the log-in page");
    let mut bob = app.member("bob").await;
    let comment = bob.reply(story, "Among ourselves.").await;
    member.hears("comments", &[comment]).await;
}

#[tokio::test]
async fn no_cache_and_no_other_site_reads_a_stream() {
    let app = forum().await;
    let mut alice = app.member("alice").await;
    let answer =
        alice.ask(axum::http::Method::GET, "/events", &[("accept-encoding", "gzip, br")], None).await;
    let header =
        |name: &str| answer.headers().get(name).map(|value| value.to_str().expect("ASCII").to_owned());
    assert_eq!(header("cache-control").as_deref(), Some("no-store"));
    assert_eq!(header("x-accel-buffering").as_deref(), Some("no"));
    assert_eq!(header("content-encoding"), None, "it is sent as it comes");
    assert_eq!(header("access-control-allow-origin"), None);
}
