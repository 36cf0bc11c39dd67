//! Every address of the site, on one screen.

use axum::Router;
use axum::routing::{get, post};

use crate::web::canonical::QueryValue;
use crate::web::mine::MyList;
use crate::web::state::App;
use crate::web::{
    account, act, comment, comments, delete, desk, edit, feed, flag, invitations, invited, item, log, login, mine,
    news, old, pages, replies, search, sessions, setup, signup, static_files, submit, user,
};

pub fn routes() -> Router<App> {
    reading().merge(doing()).merge(machines()).merge(moderating()).fallback(pages::not_found)
}

fn reading() -> Router<App> {
    Router::new()
        // lists
        .route("/", get(news::top))
        .route("/new", get(news::newest))
        .route("/best", get(news::best))
        .route("/active", news::plain(&news::ACTIVE))
        .route("/ask", news::plain(&news::ASK))
        .route("/show", news::plain(&news::SHOW))
        .route("/past", get(news::past))
        .route("/from/{*site}", get(news::from))
        .route("/comments", get(comments::newest))
        .route("/comments/best", get(comments::best))
        .route("/leaders", get(user::leaders))
        .route("/search", get(search::show))
        // one item
        .route("/item/{id}", get(item::show))
        .route("/item/{id}/count", get(item::count))
        .route("/item/{id}/order", post(item::remember_order))
        .route("/item/{id}/vote", post(act::vote))
        .route("/item/{id}/save", post(act::save))
        .route("/item/{id}/hide", post(act::hide))
        .route("/item/{id}/flag", get(flag::new).post(flag::create))
        .route("/item/{id}/vouch", post(flag::vouch))
        .route("/item/{id}/kill", post(desk::kill))
        .route("/item/{id}/clear", post(desk::clear))
        .route("/item/{id}/lock", post(desk::lock))
        .route("/item/{id}/merge", post(desk::merge))
        .route("/item/{id}/detach", post(desk::detach))
        .route("/item/{id}/second-chance", post(desk::second_chance))
        .route("/item/{id}/pin", post(desk::pin))
        .route("/item/{id}/moderate", get(desk::moderate))
        .route("/item/{id}/history", get(desk::history))
        .route("/item/{id}/reply", get(comment::new).post(comment::create))
        .route("/item/{id}/edit", get(edit::form).post(edit::update))
        .route("/item/{id}/delete", get(delete::confirm).post(delete::destroy))
        // people
        .route("/user/{name}", get(user::show))
        .route("/user/{name}/submissions", get(user::submissions))
        .route("/user/{name}/comments", get(user::comments))
        .route("/user/{name}/invited", get(invited::branch))
        .route("/invited", get(invited::roots))
}

fn doing() -> Router<App> {
    Router::new()
        // a member's own
        .route("/submit", get(submit::new).post(submit::create))
        .route("/submit/title", get(submit::title))
        .route("/replies", get(replies::show))
        .route("/saved", mine::list(MyList::Saved))
        .route("/hidden", mine::list(MyList::Hidden))
        .route("/upvoted", mine::list(MyList::Upvoted))
        .route("/invitations", get(invitations::list).post(invitations::create))
        .route("/invitations/{id}/end", post(invitations::end))
        .route("/flagged", mine::list(MyList::Flagged))
        .route("/vouched", mine::list(MyList::Vouched))
        .route("/settings", get(account::settings).post(account::save_settings))
        .route("/settings/password", get(account::password_form).post(account::change_password))
        .route("/settings/sessions", get(sessions::show).post(sessions::end))
        // moderation
        .route("/log", get(log::show))
        // coming and going
        .route("/signup", get(signup::new).post(signup::create))
        .route("/invitation/{token}", get(invitations::open).post(invitations::accept))
        .route("/login", get(login::show).post(login::log_in))
        .route("/logout", post(login::log_out))
        .route("/theme", post(account::theme))
        .route("/setup/{token}", get(setup::new).post(setup::create))
}

fn machines() -> Router<App> {
    Router::new()
        // pages, feeds, machines
        .route("/guidelines", get(pages::guidelines))
        .route("/privacy", get(pages::privacy))
        .route("/contact", get(pages::contact))
        .route("/bookmarklet", get(submit::bookmarklet))
        .route("/feed/top.atom", get(feed::top))
        .route("/feed/log.atom", get(log::atom))
        .route("/robots.txt", get(pages::robots))
        .route("/healthz", get(pages::healthz))
        .route("/readyz", get(pages::readyz))
        .route("/favicon.ico", get(static_files::favicon))
        .route("/static/{name}", get(static_files::show))
        // Hacker News's own addresses
        .route("/news", get(old::news))
        .route("/newest", get(old::newest))
        .route("/newcomments", get(old::newcomments))
        .route("/front", get(old::front))
        .route("/item", get(old::item))
        .route("/user", get(old::user))
        .route("/submitted", get(old::submitted))
        .route("/threads", get(old::threads))
        .route("/from", get(old::from))
        .route("/submitlink", get(old::submitlink))
        .route("/rss", get(old::rss))
}

/// What moderators alone may open; the team, admins.
fn moderating() -> Router<App> {
    Router::new()
        // the desk
        .route("/mod", get(desk::queue))
        .route("/mod/sites", get(desk::sites).post(desk::set_stance))
        .route("/mod/new", get(desk::newcomers))
        .route("/mod/requests", get(desk::requests))
        .route("/mod/requests/{id}", post(desk::decide_request))
        .route("/mod/rules", get(desk::rules).post(desk::try_rule))
        .route("/mod/rules/{id}/drop", post(desk::drop_rule))
        .route("/mod/team", get(desk::team).post(desk::give_role))
        .route("/mod/votes", get(desk::votes))
        // a person
        .route("/user/{name}/moderate", get(desk::person::show))
        .route("/user/{name}/note", post(desk::person::note))
        .route("/user/{name}/warn", post(desk::person::warn))
        .route("/user/{name}/slow", post(desk::person::slow))
        .route("/user/{name}/ban", post(desk::person::ban))
        .route("/user/{name}/shadow", post(desk::person::shadow))
        .route("/user/{name}/role", post(desk::change_role))
}

/// What the query of an address may hold: the names in the order in which they are written, each with what it stands for. Whatever else
/// somebody hangs on to an address is left out before anybody reads it, so it makes no page of its own.
#[rustfmt::skip]
pub fn query(path: &str) -> &'static [(&'static str, QueryValue)] {
    use QueryValue::{Arrival, Number, Order, Over, Page, Seen, Text};
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    match parts[..] {
        // lists
        ["" | "active" | "ask" | "show"] | ["comments", "best"] => &[("p", Page), ("at", Seen), ("from", Number)],
        ["best"] => &[("over", Over), ("p", Page), ("at", Seen), ("from", Number)],
        ["past"] => &[("day", Text), ("p", Page), ("at", Seen), ("from", Number)],
        ["new" | "comments" | "invitations"] | ["from", _, ..] | ["user", _, "submissions" | "comments"] => &[("before", Number)],
        ["saved" | "hidden" | "upvoted" | "flagged" | "vouched"] => &[("p", Page)],
        ["replies"] => &[("at", Number), ("reply", Number), ("notice", Number)],
        ["invited"] | ["user", _, "invited"] => &[("at", Number), ("after", Number)],
        ["search"] => &[("q", Text)],
        ["log"] => &[("act", Text), ("moderator", Text), ("person", Text), ("item", Text), ("before", Text)],
        // one item
        ["item", _] => &[("order", Order), ("again", Arrival), ("voted", Arrival), ("vote", Arrival)],
        ["item", _, "moderate"] =>
            &[("on", Text), ("reason", Text), ("note", Text), ("into", Text), ("text", Text), ("goto", Text)],
        // a member's own
        ["submit"] => &[("u", Text), ("t", Text), ("url", Text), ("title", Text), ("text", Text)],
        ["submit", "title"] => &[("url", Text)],
        ["settings"] | ["settings", "password"] => &[("saved", Text)],
        ["login"] => &[("goto", Text), ("vote", Number), ("dir", Text), ("why", Text)],
        ["signup"] => &[("goto", Text), ("sent", Text)],
        // the desk
        ["mod"] | ["mod", "new"] => &[("at", Number), ("before", Number)],
        ["mod", "sites"] => &[("after", Text)],
        ["mod", "requests"] => &[("at", Number), ("after", Number)],
        ["mod", "votes"] => &[("at", Number), ("voter", Number), ("before", Number)],
        ["mod", "team"] => &[("name", Text), ("done", Text)],
        ["user", _, "moderate"] => &[("done", Text), ("posts", Number)],
        // Hacker News's own addresses
        ["news"] => &[("p", Page)],
        ["newest"] => &[("next", Number)],
        ["front"] => &[("day", Text)],
        ["item"] => &[("id", Number)],
        ["user" | "submitted" | "threads"] => &[("id", Text)],
        ["from"] => &[("site", Text)],
        ["submitlink"] => &[("u", Text), ("t", Text)],
        _ => &[],
    }
}
