//! A form sets what it shows and nothing else, whatever other names are sent with it.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::{Method, StatusCode};

use crate::http::form_fuzz::fields;
use crate::http::roles::{case, forum, table};
use crate::support::app::TestApp;

/// No number that anything here comes to by itself.
const MADE_UP: &str = "987654321";

/// What nobody sets by a form of their own, and of which table.
const WATCHED: [(&str, &[&str]); 2] = [
    (
        "items",
        &[
            "author_id",
            "kind",
            "time",
            "rank_time",
            "visible_at",
            "parent_id",
            "root_id",
            "score",
            "base_points",
            "dead",
            "deleted_at",
            "source",
            "import_rank",
            "pinned",
            "locked",
            "penalised",
            "cleared",
            "queued_at",
            "merged_into",
        ],
    ),
    (
        "users",
        &[
            "name",
            "role",
            "karma",
            "karma_base",
            "created_at",
            "source",
            "banned_at",
            "shadow_banned_at",
            "limited_until",
            "invited_by",
            "invited",
            "flags_upheld",
            "flags_rejected",
        ],
    ),
];

/// What each form is for, of what is watched; a route that is not here changes none of it.
const MEANT: &[(&str, &[&str])] = &[
    ("/item/{id}/vote", &["items.score", "users.karma"]),
    ("/item/{id}/flag", &["items.queued_at"]),
    ("/item/{id}/vouch", &["items.dead", "items.queued_at", "users.flags_rejected"]),
    (
        "/item/{id}/kill",
        &["items.dead", "items.cleared", "items.queued_at", "users.flags_upheld", "users.flags_rejected"],
    ),
    ("/item/{id}/clear", &["items.cleared", "items.queued_at", "users.flags_rejected"]),
    ("/item/{id}/lock", &["items.locked"]),
    ("/item/{id}/merge", &["items.dead", "items.merged_into", "items.root_id", "items.parent_id"]),
    ("/item/{id}/pin", &["items.pinned"]),
    ("/item/{id}/reply", &["new items"]),
    ("/item/{id}/delete", &["items.deleted_at"]),
    ("/submit", &["new items"]),
    ("/user/{name}/limit", &["users.limited_until"]),
    ("/user/{name}/ban", &["users.banned_at", "items.dead", "items.cleared"]),
    ("/user/{name}/shadow", &["users.shadow_banned_at"]),
    ("/user/{name}/role", &["users.role"]),
    ("/mod", &["items.dead", "items.queued_at"]),
    ("/mod/messages/{id}/decide", &["items.dead", "items.cleared"]),
    ("/mod/team", &["users.role"]),
    ("/mod/sites", &["items.penalised"]),
    ("/settings/name", &["users.name"]),
    ("/mod/requests/{id}", &["new users"]),
    ("/signup", &["new users"]),
    ("/invitation/{token}", &["new users", "users.invited"]),
];

/// The value of each watched column of each row.
async fn values(app: &TestApp) -> BTreeMap<(&'static str, i64, &'static str), String> {
    let (mut db, mut values) = (app.connection().await, BTreeMap::new());
    for (table, columns) in WATCHED {
        for column in columns {
            let select = format!("select id, {} from {table}", db.quoted(column));
            let rows: Vec<(i64, String)> = db.rows(&select).await;
            values.extend(rows.into_iter().map(|(id, value)| ((table, id, *column), value)));
        }
    }
    values
}

/// The names of all columns of people and items, and what handlers call some of them.
async fn names(app: &TestApp) -> BTreeSet<String> {
    let tables = ["users", "items", "votes", "moderation_log"];
    let columns = app.connection().await.columns().await.into_iter();
    let names = columns.filter(|(table, _)| tables.contains(&table.as_str())).map(|(_, column)| column);
    names.chain(["author", "user", "by", "is_admin", "now", "counted", "weight"].map(str::to_owned)).collect()
}

#[tokio::test]
async fn no_form_sets_what_it_does_not_show() {
    let app = forum().await;
    let (fields, names) = (fields(), names(&app).await);
    let chief = app.id_of("chief").await.0.to_string();
    let mut wrong = Vec::new();
    for row in table().into_iter().filter(|row| row.method == Method::POST) {
        let Some(who) = row.doer() else { continue };
        let mut case = case(&app, &row, who).await;
        let own = &fields[&(Method::POST, row.path)];
        for name in names.iter().filter(|name| !own.contains(&name.as_str())) {
            let value = match name.as_str() {
                "role" => "admin",
                "dead" => "killed",
                "kind" => "job",
                "author" | "user" | "by" => "chief",
                name if name.ends_with("_id") || name.ends_with("_by") => &chief,
                _ => MADE_UP,
            };
            case.form.push((name.clone(), value.to_owned()));
        }
        let doer =
            if case.browser.name.is_empty() { None } else { Some(app.id_of(&case.browser.name).await.0) };
        let before = values(&app).await;
        let page = case.send(Method::POST, &[("sec-fetch-site", "same-origin")]).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{} {}: {}", row.path, row.form, page.text());
        let after = values(&app).await;
        let meant = MEANT.iter().find(|(path, _)| *path == row.path).map_or(&[][..], |(_, meant)| *meant);
        for (at @ (table, id, column), value) in &after {
            let (was, is_new) = (before.get(at), !before.contains_key(at));
            let name = if is_new { format!("new {table}") } else { format!("{table}.{column}") };
            if was != Some(value) && !meant.contains(&name.as_str()) {
                wrong.push(format!(
                    "{} {}: {table} {id} {column} was {was:?} and is {value}",
                    row.path, row.form
                ));
            }
            let expected = match (*table, *column) {
                ("items", "author_id") => doer.map(|id| id.to_string()),
                ("items", "time" | "rank_time" | "visible_at") | ("users", "created_at") => {
                    Some(app.now().0.to_string())
                }
                ("items", "score") => Some("1".to_owned()),
                ("users", "role") => Some("'member'".to_owned()),
                ("users", "karma") => Some("1".to_owned()),
                ("items", "dead" | "deleted_at") | ("users", "shadow_banned_at" | "banned_at" | "source") => {
                    Some("NULL".to_owned())
                }
                _ => None,
            };
            if is_new && expected.is_some_and(|expected| expected != *value) {
                wrong.push(format!("{}: a new one's {table}.{column} is {value}", row.path));
            }
        }
        assert!(before.keys().all(|row| after.contains_key(row)), "{}: nothing is gone", row.path);
    }
    let everywhere = app.dump(&[]).await;
    wrong
        .extend(everywhere.into_iter().filter(|row| row.contains(MADE_UP)).map(|row| format!("kept: {row}")));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
