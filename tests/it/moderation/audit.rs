//! Every action restricted to moderators and admins is logged: actor, action, target, reason and time.

use std::collections::BTreeSet;

use axum::http::{Method, StatusCode};
use stoa::domain::accounts::signup::SignUpMode;
use stoa::domain::accounts::totp::TotpSecret;
use stoa::domain::accounts::user::Role;
use stoa::domain::face::image::{ImageFormat, ImageKind};
use stoa::domain::items::item::ItemId;
use stoa::domain::moderation::action::Action;
use stoa::store::{ActionContext, ImageRow};

use crate::http::roles::{Row, Who, report, table};
use crate::support::fixtures::Town;

/// What moderators alone may send, and is no act of moderation.
const NO_ACTS: [&str; 3] = ["/invitations", "/mod/messages/{id}/claim", "/mod/start"];
/// What others may send too, and is an act where a moderator sends it to what somebody else wrote.
const ALSO: [&str; 1] = ["/item/{id}/edit"];

/// What an act is done to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Object {
    Item(i64),
    /// By its name in `people`.
    Person(&'static str),
    Nothing,
}

/// A form that is sent, and what the log is to say of it.
struct Step {
    path: String,
    form: Vec<(&'static str, String)>,
    act: &'static str,
    object: Object,
    reason: String,
    private: bool,
    answer: StatusCode,
}

impl Step {
    fn new(path: String, act: &'static str, object: Object, form: &[(&'static str, &str)]) -> Step {
        let form: Vec<_> = form.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        let is_reason = |name: &str| name == "warning" || name.ends_with("reason");
        let reason =
            form.iter().find(|(name, _)| is_reason(name)).map_or(String::new(), |(_, reason)| reason.clone());
        Step { path, form, act, object, reason, private: false, answer: StatusCode::SEE_OTHER }
    }

    /// Only moderators see it.
    fn private(self) -> Step {
        Step { private: true, ..self }
    }

    /// The answer is a page that shows something once.
    fn shown_once(self) -> Step {
        Step { answer: StatusCode::OK, ..self }
    }
}

/// Carl has a second factor.
async fn forum() -> Town {
    let town = Town::with(|settings| settings.signup_mode = Some(SignUpMode::Request)).await;
    for name in ["carl", "dora2"] {
        town.app.account(name, Role::Member).await;
    }
    let (carl, secret) = (town.app.id_of("carl").await, TotpSecret::random().expect("randomness"));
    town.app.store.start_totp(carl, &secret, town.app.now()).await.expect("started");
    town.app.sql("update totp_secrets set confirmed_at = 1").await;
    town
}

/// The paths of what moderators or admins alone may send, from the table of routes.
fn moderators_own() -> BTreeSet<&'static str> {
    let rows = table();
    let posts = || rows.iter().filter(|row| row.method == Method::POST);
    let below = [Who::Visitor, Who::New, Who::Other, Who::Author];
    let is_barred = |row: &Row| below.iter().all(|who| matches!(row.answer(*who), "login" | "no"));
    let barred = |path: &str| posts().filter(|row| row.path == path).all(is_barred);
    posts()
        .map(|row| row.path)
        .filter(|path| ALSO.contains(path) || (barred(path) && !NO_ACTS.contains(path)))
        .collect()
}

impl Town {
    async fn story(&mut self) -> i64 {
        let many = self.app.number("select count(*) from items").await;
        self.bob.text_story(&format!("Story {many}"), "Words.").await
    }

    /// Every act that a form's address is for, in an order in which they can be done.
    async fn steps(&mut self, path: &'static str) -> Vec<Step> {
        if path.starts_with("/item/") {
            return self.steps_on_items(path).await;
        }
        if path.starts_with("/user/") {
            return steps_on_people(path);
        }
        match path {
            "/mod/sites" => {
                let restriction = |act, site, restriction, reason| {
                    let form =
                        [("name", site), ("restriction", restriction), ("reason", reason), ("sure", "true")];
                    Step::new(path.to_owned(), act, Object::Nothing, &form)
                };
                vec![
                    restriction("penalise-site", "dull.example", "penalised", "site one"),
                    restriction("ban-site", "spam.example", "banned", "site two"),
                    restriction("lift-site", "spam.example", "none", "site three"),
                ]
            }
            "/mod/rules" => {
                let form = [
                    ("kind", "word"),
                    ("pattern", "unheard-of"),
                    ("effect", "queue"),
                    ("reason", "rule one"),
                    ("add", "true"),
                ];
                vec![Step::new(path.to_owned(), "add-rule", Object::Nothing, &form).private()]
            }
            "/mod/rules/{id}/drop" => {
                self.app
                    .sql(
                        "insert into rules (kind, pattern, effect, reason, created_at) values ('word', \
                              'dropped', 'kill', '', 0)",
                    )
                    .await;
                let id = self.app.number("select max(id) from rules").await;
                vec![
                    Step::new(path.replace("{id}", &id.to_string()), "drop-rule", Object::Nothing, &[])
                        .private(),
                ]
            }
            "/mod/team" => ["moderator", "member"]
                .map(|role| {
                    let form = [("name", "dora2"), ("role", role), ("reason", &format!("team {role}"))];
                    Step::new(path.to_owned(), role, Object::Person("dora2"), &form)
                })
                .into(),
            "/mod/requests/{id}" => {
                let mut steps = Vec::new();
                for (name, decision, act, object) in [
                    ("erin", "approve", "admit", Object::Person("erin")),
                    ("frank", "decline", "decline", Object::Nothing),
                ] {
                    let id = self.request(name).await.to_string();
                    let form = [("decision", decision), ("message", "a message")];
                    steps.push(Step::new(path.replace("{id}", &id), act, object, &form));
                }
                steps
            }
            "/mod" => {
                let mut steps = Vec::new();
                for (act, done) in [("approve", "approve"), ("decline", "decline-post")] {
                    let held = self.held_story().await;
                    let form =
                        [("decision", act), ("item", &format!("{held}-0")), ("reason", &format!("{act} it"))];
                    steps.push(Step::new(path.to_owned(), done, Object::Item(held), &form));
                }
                steps
            }
            "/mod/settings" => {
                vec![setting(path, "tagline", "Of looms"), setting(path, "default[]", "tagline")]
            }
            "/mod/settings/{group}" => {
                vec![setting("/mod/settings/people", "first_posts", "3")]
            }
            "/mod/settings/images/{kind}/remove" => {
                let logo =
                    ImageRow { kind: ImageKind::Logo, format: ImageFormat::Svg, hash: "0a".to_owned() };
                let act = ActionContext { actor: None, reason: "", at: self.app.now() };
                self.app.store.put_image(&logo, b"<svg></svg>", act).await.expect("put");
                vec![Step::new(path.replace("{kind}", "logo"), "set", Object::Nothing, &[])]
            }
            "/mod/pages" => vec![page(path, "first"), page(path, "second")],
            "/mod/pages/{slug}" => vec![page("/mod/pages/guidelines", "")],
            "/mod/pages/{slug}/delete" => {
                vec![Step::new("/mod/pages/first/delete".to_owned(), "delete-page", Object::Nothing, &[])]
            }
            "/mod/messages/{id}/answer" => {
                let of = path.replace("{id}", &self.conversation("carl").await);
                vec![Step::new(of, "answer", Object::Person("carl"), &[("text", "A word.")]).private()]
            }
            "/mod/messages/{id}/resolve" => {
                let of = path.replace("{id}", &self.conversation("dora2").await);
                [("resolve", "true"), ("reopen", "false")]
                    .map(|(act, on)| {
                        Step::new(of.clone(), act, Object::Person("dora2"), &[("on", on)]).private()
                    })
                    .into()
            }
            "/mod/messages/{id}/decide" => {
                let item = self.story().await;
                let of = path.replace("{id}", &report(&self.app, ItemId(item)).await);
                let form = [("decision", "kept"), ("reason", "a lawful opinion")];
                vec![Step::new(of, "decide-report", Object::Item(item), &form).private()]
            }
            "/mod/undo" => {
                let held = self.held_story().await;
                self.mia.post("/mod", &[("decision", "approve"), ("item", &format!("{held}-0"))]).await;
                let at = self.app.now().0.to_string();
                vec![Step::new(
                    path.to_owned(),
                    "hold",
                    Object::Item(held),
                    &[("at", &at), ("decision", "approve")],
                )]
            }
            other => unknown(other),
        }
    }

    /// The number of what a member writes to the moderators.
    async fn conversation(&mut self, name: &str) -> String {
        let page = self.app.session(name).await.post("/contact", &[("text", "Some words.")]).await;
        page.location().expect("its page").replace("/messages/", "")
    }

    async fn held_story(&mut self) -> i64 {
        let story = self.story().await;
        self.app.sql(&format!("update items set dead = 'held', queued_at = 1 where id = {story}")).await;
        self.app.watch().await;
        story
    }

    async fn steps_on_items(&mut self, path: &'static str) -> Vec<Step> {
        let story = self.story().await;
        let on = |item: i64, act, form: &[(&'static str, &str)]| {
            Step::new(path.replace("{id}", &item.to_string()), act, Object::Item(item), form)
        };
        let both = |item, done, undone| {
            let reason = format!("{done} of {item}");
            vec![
                on(item, done, &[("on", "true"), ("reason", &reason)]),
                on(item, undone, &[("on", "false"), ("reason", &format!("{undone} of {item}"))]),
            ]
        };
        match path {
            "/item/{id}/kill" => both(story, "kill", "unkill"),
            "/item/{id}/lock" => both(story, "lock", "unlock"),
            "/item/{id}/clear" => vec![on(story, "clear", &[("reason", "let it stand")])],
            "/item/{id}/edit" => {
                vec![on(
                    story,
                    "edit",
                    &[("title", "Another title"), ("text", "Words."), ("reason", "a better title")],
                )]
            }
            "/item/{id}/merge" => {
                let into = self.story().await.to_string();
                let mut steps = both(story, "merge", "unmerge");
                steps[0].form.push(("into", into));
                steps
            }
            "/item/{id}/detach" => {
                let above = self.bob.reply(story, "Above.").await;
                both(self.bob.reply(above, "Below.").await, "detach", "reattach")
            }
            "/item/{id}/second-chance" => {
                for _ in 0..30 {
                    let other = self.story().await;
                    self.mia.vote(other, "up").await;
                }
                self.app.pass(3_600);
                both(story, "second-chance", "no-second-chance")
            }
            "/item/{id}/pin" => {
                vec![on(story, "pin", &[("text", "A notice.")]), on(story, "unpin", &[("on", "false")])]
            }
            other => unknown(other),
        }
    }

    /// The new rows of the log: number, act, actor, item, person, reason, whether it is private, and time.
    async fn rows_after(
        &self,
        last: i64,
    ) -> Vec<(i64, String, Option<String>, Option<i64>, Option<String>, String, bool, i64)> {
        let rows = format!(
            "select m.id, m.action, a.name, m.item_id, u.name, m.reason, m.private, m.created_at \
             from moderation_log m left join users a on a.id = m.actor_id \
             left join users u on u.id = m.user_id where m.id > {last} order by m.id"
        );
        self.app.rows(&rows).await
    }

    /// Does it, and looks for it in the log.
    async fn take(&mut self, step: &Step) {
        let what = format!("{} {:?}", step.path, step.form);
        let last = self.app.number("select coalesce(max(id), 0) from moderation_log").await;
        let form: Vec<(&str, &str)> = step.form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        // What admins alone may do, a moderator is refused, and it is not in the log.
        let mut page = self.mia.post(&step.path, &form).await;
        let actor = if page.status == StatusCode::FORBIDDEN { "ada" } else { "mia" };
        if actor == "ada" {
            assert!(self.rows_after(last).await.is_empty(), "{what} was refused");
            page = self.ada.post(&step.path, &form).await;
        }
        assert_eq!(page.status, step.answer, "{what}: {}", page.text());
        let rows = self.rows_after(last).await;
        assert_eq!(rows.len(), 1, "{what} leaves one row: {rows:?}");
        let (id, act, by, item, person, reason, private, at) = rows[0].clone();
        let object = match (item, person.as_deref()) {
            (Some(item), None) => Object::Item(item),
            (None, None) => Object::Nothing,
            (None, Some(name)) => match step.object {
                Object::Person(expected) if expected == name => step.object,
                _ => panic!("{what} is on {name}"),
            },
            both => panic!("{what} is on {both:?}"),
        };
        let found = (act.as_str(), by.as_deref(), object, reason.as_str(), private, at);
        let expected =
            (step.act, Some(actor), step.object, step.reason.as_str(), step.private, self.app.now().0);
        assert_eq!(found, expected, "{what}");
        self.look(step, &what, id, actor).await;
    }

    async fn look(&mut self, step: &Step, what: &str, id: i64, actor: &str) {
        let select = format!("select token from moderation_log where id = {id}");
        let (token,): (String,) = self.app.rows(&select).await.remove(0);
        let row = format!("main ol > li#a{token}");
        let shown = self.mia.get("/log").await.one(&row);
        shown.finds(1, &format!("a[href='/user/{actor}']"));
        match step.object {
            Object::Item(item) => shown.finds(1, &format!("a[href='/item/{item}']")),
            Object::Person(name) => {
                assert_eq!(shown.one(&format!("a[href='/user/{name}']")).text, name, "{what}")
            }
            Object::Nothing => {}
        }
        shown.finds(1, "time[datetime]");
        let because = if step.reason.is_empty() { String::new() } else { format!("reason: {}", step.reason) };
        for part in
            [&format!("{actor}{}", Action::parse(step.act).expect("an action").phrase("").before), &because]
        {
            assert!(shown.text.contains(part), "{what}: “{part}” is not in {}", shown.text);
        }
        // That only moderators see it.
        shown.finds(usize::from(step.private), "b");
        let mut visitor = self.app.visitor();
        let public = visitor.get("/log").await.all(&row);
        assert_eq!(public.len(), usize::from(!step.private), "{what}: a visitor sees {public:?}");
        assert!(public.iter().all(|public| public.text.contains(&because)), "{what}: a visitor reads why");
        let feed = visitor.get("/feed/log.atom").await;
        assert_eq!(feed.has(&format!("/log#a{token}\"")), !step.private, "{what}: {}", feed.text());
        if step.private && !step.reason.is_empty() {
            for path in ["/log", "/log?person=carl", "/feed/log.atom", "/user/carl"] {
                assert!(!visitor.get(path).await.text().contains(&step.reason), "{what} on {path}");
            }
        }
    }
}

/// About the mail server, and neither people nor posts; the program's log tells of it.
const OF_MAIL: &str = "/mod/mail/{id}";

/// Their forms have files; `face::images` tests what is in the log.
const OF_FILES: &str = "/mod/settings/images/{kind}";

fn setting(path: &str, name: &'static str, value: &str) -> Step {
    Step::new(path.to_owned(), "set", Object::Nothing, &[(name, value)])
}

fn page(path: &str, slug: &str) -> Step {
    let form = [("title", "About"), ("slug", slug), ("text", "Of looms.")];
    Step::new(path.to_owned(), "edit-page", Object::Nothing, &form)
}

fn unknown(path: &str) -> ! {
    panic!("moderators alone send {path}: say here which acts it is for")
}

fn steps_on_people(path: &'static str) -> Vec<Step> {
    let on = |act, form: &[(&'static str, &str)]| {
        Step::new(path.replace("{name}", "carl"), act, Object::Person("carl"), form)
    };
    match path {
        "/user/{name}/note" => vec![on("note", &[("note", "A secret about carl.")]).private()],
        "/user/{name}/message" => vec![on("answer", &[("message", "A word with carl.")]).private()],
        "/user/{name}/warn" => vec![on("warn", &[("warning", "Be kinder")])],
        "/user/{name}/limit" => vec![
            on("limit", &[("on", "true"), ("limit_days", "1"), ("limit_reason", "too fast")]),
            on("unlimit", &[("on", "false"), ("limit_reason", "calm enough")]),
        ],
        "/user/{name}/ban" => vec![
            on("ban", &[("on", "true"), ("ban_days", "open"), ("ban_reason", "too loud")]),
            on("unban", &[("on", "false"), ("ban_reason", "quiet enough")]),
        ],
        "/user/{name}/shadow" => vec![
            on("shadow", &[("on", "true"), ("shadow_reason", "a farm of accounts")]).private(),
            on("unshadow", &[("on", "false"), ("shadow_reason", "was no farm")]).private(),
        ],
        "/user/{name}/reset-link" => vec![on("reset-link", &[]).private().shown_once()],
        "/user/{name}/clear-two-factor" => vec![on("clear-two-factor", &[]).private()],
        "/user/{name}/role" => vec![
            on("moderator", &[("role", "moderator"), ("reason", "helps us")]),
            on("admin", &[("role", "admin"), ("reason", "helps us more")]),
            on("member", &[("role", "member"), ("reason", "wants to rest")]),
        ],
        other => unknown(other),
    }
}

#[tokio::test]
async fn whatever_moderators_alone_may_send_stands_in_the_log_in_a_row_of_its_own() {
    let mut forum = forum().await;
    let paths = moderators_own();
    assert!(paths.len() > 15, "the table of routes is read: {paths:?}");
    for path in paths.into_iter().filter(|path| ![OF_MAIL, OF_FILES].contains(path)) {
        let steps = forum.steps(path).await;
        assert!(!steps.is_empty(), "{path}");
        for step in steps {
            forum.app.pass(60);
            forum.take(&step).await;
        }
    }
}
