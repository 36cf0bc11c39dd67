//! Posts that wait for a moderator before they are published.

use axum::http::StatusCode;
use stoa::domain::accounts::user::Role;
use stoa::domain::moderation::first_posts::FirstPosts;

use crate::support::app::{Browser, Page, TestApp};

struct Forum {
    app: TestApp,
    /// A new member.
    nia: Browser,
    /// Sees dead posts.
    max: Browser,
    mia: Browser,
    visitor: Browser,
}

async fn forum(held: FirstPosts) -> Forum {
    let app = TestApp::with(|settings| settings.hold_first_posts = Some(held)).await;
    let (nia, mut max) = (app.member("nia").await, app.member("max").await);
    max.post("/settings", &[("show_dead", "true"), ("about", ""), ("about_version", "0")]).await;
    let (mia, visitor) = (app.person("mia", Role::Moderator).await, app.visitor());
    Forum { app, nia, max, mia, visitor }
}

async fn decide(moderator: &mut Browser, act: &str, items: &[i64], reason: &str) -> Page {
    let ids: Vec<String> = items.iter().map(|id| format!("{id}-0")).collect();
    let mut form = vec![("decision", act), ("reason", reason)];
    form.extend(ids.iter().map(|id| ("item", id.as_str())));
    moderator.post("/mod", &form).await
}

fn marks(page: &Page) -> Vec<String> {
    page.texts("article.waiting b")
}

#[tokio::test]
async fn a_first_post_is_seen_by_its_author_and_moderators_until_it_is_approved() {
    let Forum { app, mut nia, mut max, mut mia, mut visitor } = forum(FirstPosts::All).await;
    let story = nia.text_story("A kettle that hums", "Listen, @max.").await;
    let address = format!("/item/{story}");
    let own = nia.get(&address).await;
    assert!(own.mentions("Your story waits for a moderator’s approval."), "{}", own.text());
    assert_eq!(own.marks(story), ["[waiting]", "you"]);
    let lists = ["/", "/new", "/user/nia", "/user/nia/submissions", "/search?q=kettle"];
    for other in [&mut max, &mut visitor] {
        assert_eq!(other.get(&address).await.status, StatusCode::NOT_FOUND);
        for list in lists {
            assert!(!other.get(list).await.text().contains("kettle that hums"), "{list}");
        }
    }
    assert_eq!(nia.get("/user/nia").await.stories(), [story]);
    assert_eq!(max.get("/inbox").await.comments(), Vec::<i64>::new(), "nobody is told of what is not out");
    let refused = nia.post(&format!("{address}/reply"), &[("text", "More.")]).await;
    assert!(refused.mentions("It can be replied to once it is published."), "{}", refused.text());
    assert_eq!(nia.text_story("A kettle that hums", "Listen, @max.").await, story, "sent twice is once");

    let queue = mia.get("/mod").await;
    assert_eq!(marks(&queue), ["[waiting]"]);
    assert!(queue.mentions("waits for approval: one of the first posts of its account"));
    app.pass(7_200);
    assert_eq!(decide(&mut mia, "approve", &[story], "").await.location().as_deref(), Some("/mod"));
    for list in lists {
        assert_eq!(visitor.get(list).await.stories(), [story], "{list}");
    }
    assert_eq!(visitor.get(&address).await.one("#main time").text, "just now", "published now");
    assert_eq!(max.get("/inbox").await.comments(), [story]);
    let told = &nia.get("/inbox").await.notices()[0];
    assert_eq!(told, "A moderator approved your story: everybody can see it now.");
    assert!(visitor.get("/log").await.mentions("mia approved"));
}

#[tokio::test]
async fn what_comes_after_the_first_posts_is_out_at_once() {
    let Forum { app: _app, mut nia, mut mia, mut visitor, .. } = forum(FirstPosts::All).await;
    let story = mia.text_story("A moderator's story", "Words.").await;
    let first = nia.reply(story, "The first.").await;
    let second = nia.reply(story, "The second.").await;
    assert_eq!(visitor.get(&format!("/item/{story}")).await.comment_count(story), 0);
    decide(&mut mia, "approve", &[first], "").await;
    let third = nia.reply(story, "The third.").await;
    decide(&mut mia, "approve", &[second], "").await;
    let fourth = nia.reply(story, "The fourth.").await;
    let thread = visitor.get(&format!("/item/{story}")).await;
    assert_eq!(thread.comment_count(story), 3);
    assert!(thread.comments().contains(&fourth) && !thread.comments().contains(&third));
}

#[tokio::test]
async fn first_posts_without_a_link_are_out_where_only_links_wait() {
    let Forum { app: _app, mut nia, mut visitor, mut mia, .. } = forum(FirstPosts::Links).await;
    let plain = nia.text_story("A plain question", "Words alone.").await;
    assert_eq!(visitor.get("/new").await.stories(), [plain]);
    let linked = nia.story("A page elsewhere", "https://elsewhere.example/").await;
    let said = nia.reply(plain, "See https://elsewhere.example/more for it.").await;
    assert_eq!(visitor.get("/new").await.stories(), [plain]);
    assert_eq!(visitor.get("/comments").await.comments(), Vec::<i64>::new());
    assert_eq!(marks(&mia.get("/mod").await), ["[waiting]"; 2]);
    decide(&mut mia, "approve", &[linked, said], "").await;
    assert_eq!(visitor.get("/comments").await.comments(), [said]);
}

#[tokio::test]
async fn several_are_decided_at_once_and_undone_as_one() {
    let Forum { app, mut nia, mut max, mut mia, mut visitor } = forum(FirstPosts::All).await;
    let mut held = Vec::new();
    for n in 1..=5 {
        app.pass(60);
        held.push(nia.text_story(&format!("Number {n} of five"), "Words.").await);
    }
    let queue = mia.get("/mod").await;
    assert_eq!(queue.all("input[type=checkbox][name=item][form=ticked]").len(), 5);
    queue.finds(1, "form#ticked button[value=approve]");
    let none = decide(&mut mia, "approve", &[], "").await;
    assert_eq!(none.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(none.mentions("Tick at least one post that waits"), "{}", none.text());

    decide(&mut mia, "approve", &held, "").await;
    assert_eq!(visitor.get("/new").await.stories().len(), 5);
    let queue = mia.get("/mod").await;
    assert!(queue.message().contains("and 4 more posts"), "{}", queue.message());
    let at = queue.one("form[action='/mod/undo'] [name=at]").attr("value").to_owned();
    app.pass(60);
    mia.post("/mod/undo", &[("at", &at), ("decision", "approve")]).await;
    assert_eq!(visitor.get("/new").await.stories(), Vec::<i64>::new());
    assert_eq!(marks(&mia.get("/mod").await).len(), 5, "all wait again");
    // Nor may a decision of somebody else be undone by it.
    let again = mia.post("/mod/undo", &[("at", &at), ("decision", "approve")]).await;
    assert!(again.mentions("This cannot be undone any more"), "{}", again.text());

    decide(&mut mia, "decline", &held, "spam").await;
    assert_eq!(marks(&mia.get("/mod").await), Vec::<String>::new());
    let told = &nia.get("/inbox").await.notices()[0];
    assert_eq!(told, "A moderator declined your story, so it was not published. Reason: spam.");
    assert_eq!(max.get(&format!("/item/{}", held[0])).await.status, StatusCode::NOT_FOUND);
    assert!(max.get("/new").await.stories().is_empty(), "what was declined was never out");
    assert_eq!(nia.get(&format!("/item/{}", held[0])).await.marks(held[0]), ["[declined]", "you"]);
    let late = decide(&mut mia, "approve", &held, "").await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    let at = mia.get("/mod").await.one("form[action='/mod/undo'] [name=at]").attr("value").to_owned();
    app.pass(60);
    mia.post("/mod/undo", &[("at", &at), ("decision", "decline")]).await;
    assert_eq!(marks(&mia.get("/mod").await).len(), 5, "declining is undone as well");
}

#[tokio::test]
async fn what_a_rule_holds_waits_and_an_edit_that_it_meets_is_queued() {
    let Forum { app: _app, mut nia, mut mia, mut visitor, .. } = forum(FirstPosts::None).await;
    let form =
        [("kind", "word"), ("pattern", "casino"), ("effect", "hold"), ("reason", "spam"), ("add", "true")];
    mia.post("/mod/rules", &form).await;
    let held = nia.text_story("A casino by the sea", "Words.").await;
    let out = nia.text_story("A walk by the sea", "Words.").await;
    assert_eq!(visitor.get("/new").await.stories(), [out]);
    nia.post(
        &format!("/item/{out}/edit"),
        &[("title", "A walk by the casino"), ("text", "Words."), ("version", "0")],
    )
    .await;
    assert_eq!(visitor.get("/new").await.stories(), [out], "what is out stays out");
    let queue = mia.get("/mod").await;
    assert_eq!(marks(&queue), ["[waiting]"]);
    assert!(queue.mentions("waits for approval: rule: it says “casino”"), "{}", queue.text());
    assert_eq!(queue.all("article.waiting").len(), 2);
    // Its author may take it back while it waits.
    nia.post(&format!("/item/{held}/delete"), &[]).await;
    assert_eq!(mia.get("/mod").await.all("article.waiting").len(), 1);
}

#[tokio::test]
async fn what_its_author_edited_meanwhile_is_not_approved_unread() {
    let Forum { app: _app, mut nia, mut mia, mut visitor, .. } = forum(FirstPosts::All).await;
    let story = nia.text_story("A kind word", "Words.").await;
    let edit = [("title", "An unkind word"), ("text", "Words."), ("version", "0")];
    nia.post(&format!("/item/{story}/edit"), &edit).await;
    let page = decide(&mut mia, "approve", &[story], "").await;
    assert_eq!(page.status, StatusCode::CONFLICT, "{}", page.text());
    assert!(visitor.get("/new").await.stories().is_empty());
    let seen = mia.get("/mod").await.one("article.waiting [name=item]").attr("value").to_owned();
    mia.post("/mod", &[("decision", "approve"), ("item", &seen)]).await;
    assert_eq!(visitor.get("/new").await.titles(), ["An unkind word"]);
}

#[tokio::test]
async fn an_edit_of_a_first_post_that_is_out_is_queued() {
    let Forum { app: _app, mut nia, mut mia, mut visitor, .. } = forum(FirstPosts::Links).await;
    let story = nia.text_story("A plain remark", "Words.").await;
    let edit = [("title", "A plain remark"), ("text", "See https://spam.example/."), ("version", "0")];
    nia.post(&format!("/item/{story}/edit"), &edit).await;
    assert_eq!(visitor.get("/new").await.stories(), [story]);
    let queue = mia.get("/mod").await;
    assert_eq!(queue.all("article.waiting").len(), 1);
    assert!(marks(&queue).is_empty(), "it is out");
}

#[tokio::test]
async fn what_was_declined_can_be_published_later_and_what_has_replies_stays_out() {
    let Forum { app, mut nia, mut max, mut mia, mut visitor } = forum(FirstPosts::All).await;
    let story = nia.text_story("A second look", "Words.").await;
    decide(&mut mia, "decline", &[story], "").await;
    mia.get(&format!("/item/{story}/moderate")).await.finds(1, "button[name=on][value=false]");
    mia.post(&format!("/item/{story}/kill"), &[("on", "false")]).await;
    assert_eq!(visitor.get("/new").await.stories(), [story]);
    app.set_karma("max", 600).await;
    let other = nia.text_story("A third story", "Words.").await;
    decide(&mut mia, "approve", &[other], "").await;
    let at = mia.get("/mod").await.one("form[action='/mod/undo'] [name=at]").attr("value").to_owned();
    mia.reply(other, "Well said.").await;
    let late = mia.post("/mod/undo", &[("at", &at), ("decision", "approve")]).await;
    assert_eq!(late.status, StatusCode::CONFLICT, "{}", late.text());
    assert_eq!(max.get("/new").await.stories(), [other, story]);
}
