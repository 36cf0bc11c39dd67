//! Arbitrary input in every form field and query parameter: a proper response, and no script injection.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use axum::http::Method;

use crate::http::injection::{check, inputs, short};
use crate::http::roles::{Case, Row, Who, case, forum, table};
use crate::support::app::{Browser, Page, TestApp};

/// Every form's fields and every page's parameters. A route or field missing here fails the test.
const FIELDS: &str = "
GET  / p at from hid
GET  /new before hid
GET  /best over p at from hid
GET  /active p at from hid
GET  /ask p at from hid
GET  /show p at from hid
GET  /past day p at from hid
GET  /from/{*site} before hid
GET  /comments before
GET  /comments/best p at from
GET  /leaders
GET  /statistics
GET  /search q sort from at before
GET  /events thread list after
GET  /opensearch.xml
GET  /item/{id} order again voted vote
POST /item/{id}/order order
POST /item/{id}/vote dir goto
POST /item/{id}/save on goto
POST /item/{id}/hide on goto
GET  /item/{id}/mute
POST /item/{id}/follow on goto
GET  /item/{id}/flag goto
POST /item/{id}/flag reason note on goto
POST /item/{id}/vouch on goto
GET  /item/{id}/report
POST /item/{id}/report ground text name email good_faith
POST /item/{id}/kill reason note on goto
POST /item/{id}/clear reason goto
POST /item/{id}/lock reason on goto
POST /item/{id}/merge reason into on goto
POST /item/{id}/detach reason on goto
POST /item/{id}/second-chance reason on goto
POST /item/{id}/pin text on goto
GET  /item/{id}/moderate goto
GET  /item/{id}/history
GET  /item/{id}/reply
POST /item/{id}/reply text preview
GET  /item/{id}/edit
POST /item/{id}/edit title text url reason version preview
GET  /item/{id}/delete
POST /item/{id}/delete
GET  /user/{name}
GET  /user/{name}/submissions before
GET  /user/{name}/comments before
POST /user/{name}/follow on goto
GET  /user/{name}/moderate done posts
POST /user/{name}/note note same_as
POST /user/{name}/warn warning
POST /user/{name}/message message
POST /user/{name}/limit limit_reason limit_days on
POST /user/{name}/ban ban_reason ban_days over on take bring_back
POST /user/{name}/shadow shadow_reason bring_back on
POST /user/{name}/reset-link
POST /user/{name}/clear-two-factor
POST /user/{name}/role reason role name sure
GET  /user/{name}/invited at after
GET  /invited at after
GET  /submit u t url title text
POST /submit title url text preview suggest
GET  /submit/title url
GET  /replies
GET  /inbox show at before
POST /search q on goto
GET  /inbox/feed
POST /inbox/feed
POST /inbox/feed/end
POST /inbox/read last
POST /inbox/{id}/read goto
GET  /following
GET  /saved p
GET  /hidden p
GET  /upvoted p
GET  /invitations before
POST /invitations
POST /invitations/{id}/end
GET  /flagged p
GET  /vouched p
GET  /settings saved
POST /settings about version theme order show_dead
GET  /settings/muted
POST /settings/muted kind value on goto
GET  /settings/email saved
POST /settings/email email password
POST /settings/email/choices inbox best_of
GET  /settings/password saved
POST /settings/password current password
GET  /settings/sessions
POST /settings/sessions end
GET  /settings/account
GET  /settings/two-factor
POST /settings/two-factor password
POST /settings/two-factor/confirm code
POST /settings/two-factor/off password
POST /settings/two-factor/keep goto
GET  /settings/passkeys
POST /settings/passkeys name password
POST /settings/passkeys/challenge
POST /settings/passkeys/create passkey
GET  /settings/passkeys/only
POST /settings/passkeys/only password
GET  /settings/passkeys/{id}/remove
POST /settings/passkeys/{id}/remove password
GET  /settings/name saved
POST /settings/name name password
GET  /settings/export
POST /settings/export
GET  /settings/export/file
GET  /settings/delete
POST /settings/delete name posts password
GET  /settings/recovery
POST /settings/recovery password
POST /settings/recovery/skip goto
GET  /log act moderator person item before
GET  /mod/new at before
GET  /mod at before
POST /mod decision item reason
POST /mod/undo at decision goto
GET  /mod/rules
POST /mod/rules pattern reason kind effect add
POST /mod/rules/{id}/drop
GET  /mod/votes at voter before
GET  /mod/sites after
POST /mod/sites name reason restriction goto sure over
GET  /mod/team name done
POST /mod/team name reason role sure
GET  /mod/mail
POST /mod/mail/{id} retry
GET  /pages/{slug}
GET  /mod/settings saved
POST /mod/settings site_name tagline accent contact announcement sections footer_links default[] version
GET  /mod/settings/{group} saved
POST /mod/settings/{group} request_question signup_mode first_posts default[] version
GET  /mod/settings/images
POST /mod/settings/images/{kind}
POST /mod/settings/images/{kind}/remove
GET  /mod/pages
POST /mod/pages title slug text footer version preview
GET  /mod/pages/new
GET  /mod/pages/{slug}
POST /mod/pages/{slug} title text footer version preview
GET  /mod/pages/{slug}/delete
POST /mod/pages/{slug}/delete
GET  /mod/start
POST /mod/start step
GET  /mod/requests at after
POST /mod/requests/{id} message decision goto
GET  /signup goto sent
POST /signup name password text goto
GET  /invitation/{token}
POST /invitation/{token} name password text goto
GET  /login goto vote dir why
POST /login name password goto kept vote dir why
GET  /login/code
POST /login/code pending code goto kept vote dir
GET  /login/passkey
POST /login/passkey passkey name password goto kept vote dir why
POST /login/passkey/challenge
POST /logout
POST /theme theme goto
GET  /reset
POST /reset account
GET  /email/{token}
POST /email/{token} not_me
GET  /unsubscribe/{token}
POST /unsubscribe/{token}
GET  /reset/recovery
POST /reset/recovery name code password
GET  /reset/{token}
POST /reset/{token} password
GET  /setup/{token}
POST /setup/{token} name password contact
GET  /guidelines
GET  /privacy
GET  /contact
POST /contact text email
GET  /contact/{token}
POST /contact/{token} text objection
GET  /messages/{id}
POST /messages/{id} text objection
GET  /banned
POST /banned text
GET  /mod/messages show at before after
GET  /mod/messages/{id}
POST /mod/messages/{id}/claim on
POST /mod/messages/{id}/answer text
POST /mod/messages/{id}/resolve on
POST /mod/messages/{id}/decide decision reason
GET  /bookmarklet
GET  /feed/{feed} points comments q count link description
GET  /feed/user/{feed} points comments q count link description
GET  /feed/user/{name}/{feed} points comments q count link description
GET  /feed/inbox/{feed}
GET  /feed/item/{feed} points comments q count link description
GET  /feed/from/{*feed} points comments q count link description
GET  /robots.txt
GET  /sitemap.xml
GET  /sitemaps/{name}
GET  /.well-known/change-password
GET  /.well-known/security.txt
GET  /healthz
GET  /readyz
GET  /favicon.ico
GET  /icons/{name}
GET  /site.webmanifest
GET  /static/{name}
GET  /news p
GET  /newest next
GET  /newcomments
GET  /front day
GET  /item id
GET  /user id
GET  /submitted id
GET  /threads id
GET  /from site
GET  /submitlink u t
GET  /rss
";

/// The fields of every route, by its method and path.
pub fn fields() -> BTreeMap<(Method, &'static str), Vec<&'static str>> {
    let lines = FIELDS.lines().filter(|line| !line.is_empty()).map(|line| {
        let mut words = line.split_whitespace();
        let method: Method = words.next().and_then(|word| word.parse().ok()).expect("a method");
        ((method, words.next().expect("a path")), words.collect())
    });
    lines.collect()
}

/// The names of all fields that the handlers read, as the source has them.
fn read_by_handlers(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        if entry.path().is_dir() {
            found.extend(read_by_handlers(&entry.path()));
            continue;
        }
        let source = std::fs::read_to_string(entry.path()).expect("a file");
        for part in source.split("Deserialize)]").skip(1).filter(|part| part.trim_start().contains("struct "))
        {
            let body = part
                .split_once('{')
                .and_then(|(_, rest)| rest.split_once("\n}"))
                .map_or("", |(body, _)| body);
            let lines = body.lines().map(|line| line.trim().trim_start_matches("pub "));
            let names = lines
                .filter(|line| !line.starts_with("//"))
                .filter_map(|line| Some(line.split_once(": ")?.0));
            found.extend(
                names
                    .filter(|name| name.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
                    .map(str::to_owned),
            );
        }
    }
    found
}

#[test]
fn every_field_that_a_handler_reads_is_known_here() {
    let (fields, routes) = (fields(), table());
    let routes: BTreeSet<_> = routes.iter().map(|row| (row.method.clone(), row.path)).collect();
    assert_eq!(fields.keys().cloned().collect::<BTreeSet<_>>(), routes);
    let known: BTreeSet<String> = fields.into_values().flatten().map(str::to_owned).collect();
    let read = read_by_handlers(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web"));
    assert!(read.len() > 30, "the source is read: {read:?}");
    assert_eq!(
        read.difference(&known).collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "not sent anything by these tests"
    );
}

/// Where people and what they wrote are shown afterwards.
const SHOWN: [&str; 13] = [
    "/",
    "/comments",
    "/log",
    "/feed/log.atom",
    "/mod",
    "/mod/new",
    "/mod/rules",
    "/mod/sites",
    "/mod/team",
    "/mod/settings",
    "/mod/pages",
    "/contact",
    "/invited",
];

/// The form with one field holding the input; no password is worth the time that its hash takes.
fn with(form: &[(String, String)], field: &str, input: &str) -> Vec<(String, String)> {
    let mut form: Vec<_> = form.iter().filter(|(name, _)| name != field).cloned().collect();
    for (_, value) in form.iter_mut().filter(|(name, _)| name == "password" || name == "current") {
        "x".clone_into(value);
    }
    form.push((field.to_owned(), input.to_owned()));
    form
}

/// Input shown outside of form fields does not change the text direction.
fn look(page: &Page, what: &str) {
    check(page, what);
    let text = page.text();
    let outside =
        text.split("<textarea").enumerate().map(|(nth, part)| match part.split_once("</textarea>") {
            Some((_, rest)) if nth > 0 => rest,
            _ => part,
        });
    let outside: String = outside.collect();
    assert!(!outside.contains('\0') && !outside.contains("\u{202e}gpj"), "{what}: {text}");
}

/// Sends a form with the input in each field and checks redirect target and item; returns the failed case.
async fn send(
    app: &TestApp,
    (row, kept): (&Row, Option<Case>),
    fields: &[&str],
    (nth, input): (usize, &str),
    chief: &mut Browser,
) -> Option<Case> {
    let mut case = match kept {
        Some(case) => case,
        None => case(app, row, row.doer().unwrap_or(Who::Admin)).await,
    };
    let about = case.path.rsplit_once('/').map(|(about, _)| about.to_owned()).unwrap_or_default();
    let (form, mut done) = (case.form.clone(), false);
    // What is done changes what can be done next, so that each field comes first for some of the inputs.
    for at in 0..fields.len() {
        let field = fields[(at + nth) % fields.len()];
        case.form = with(&form, field, input);
        let what = format!("POST {} {field}={:?}", row.path, short(input));
        let page = case.send(Method::POST, &[("sec-fetch-site", "same-origin")]).await;
        check(&page, &what);
        if let Some(to) = page.location() {
            check(&case.browser.visit(&to).await, &format!("after {what}"));
            done = true;
        }
    }
    case.form = form;
    if !done {
        return Some(case);
    }
    let what = format!("{} {:?}", row.path, short(input));
    let mut pages = Vec::new();
    if about.starts_with("/item/") {
        pages = vec![chief.visit(&about).await, chief.get(&format!("{about}/history")).await];
    }
    if let Some(name) = about.strip_prefix("/user/") {
        pages.push(chief.get(&format!("{about}/moderate")).await);
        pages.push(app.session(name).await.get("/inbox").await);
        pages.push(app.visitor().get(&about).await);
    }
    for page in pages {
        look(&page, &format!("after {what}"));
    }
    None
}

#[tokio::test]
async fn nothing_that_is_typed_into_any_field_of_a_form_breaks_a_page_or_runs_in_one() {
    let app = forum().await;
    let (fields, mut chief) = (fields(), app.session("chief").await);
    let mut rows: BTreeMap<&str, Row> = BTreeMap::new();
    for row in table().into_iter().filter(|row| row.method == Method::POST) {
        // The row for whom it is done, rather than one that is refused.
        if row.doer().is_some() || !rows.contains_key(row.path) {
            rows.entry(row.path).or_insert(row);
        }
    }
    let mut cases: BTreeMap<&str, Case> = BTreeMap::new();
    for (nth, input) in inputs().iter().enumerate() {
        for (at, (path, row)) in rows.iter().enumerate() {
            // Markup goes everywhere, and each of the rest to a third of the forms.
            if nth > 16 && (nth + at) % 3 > 0 {
                continue;
            }
            // Each takes the time of a hash; `hostile` sends every input to some of them.
            if row.form.contains("{password}") && nth % 5 > 0 {
                continue;
            }
            let (named, kept) = (&fields[&(Method::POST, *path)], cases.remove(path));
            if let Some(case) = send(&app, (row, kept), named, (nth, input.as_str()), &mut chief).await {
                cases.insert(path, case);
            }
        }
        for path in SHOWN {
            look(&chief.get(path).await, &format!("{path} with {:?}", short(input)));
        }
    }
}
