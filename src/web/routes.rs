//! The route table.

use axum::routing::{get, post};

use crate::web::handlers::accounts::credentials::{
    confirm, overview, passkey_login, passkeys, passkeys_only, recovery, second_step, two_factor,
};
use crate::web::handlers::accounts::ownership::{deletion, export, rename};
use crate::web::handlers::accounts::{
    invitations, invite_tree, login, mutes, password_reset, profile, sessions, settings, setup, signup,
};
use crate::web::handlers::contact::{banned, conversation, moderating, report};
use crate::web::handlers::face;
use crate::web::handlers::items::{comments, delete, edit, item, lists, reply, submit};
use crate::web::handlers::mail::{choices, links, lost_password, unsubscribe};
use crate::web::handlers::moderation::log;
use crate::web::handlers::votes::my_lists::MyList;
use crate::web::handlers::votes::{flag, my_lists, vote};
use crate::web::handlers::{
    contact, crawlers, events, feeds, following, hn_redirects, icons, inbox, inbox_feed, moderation, pages,
    search, static_files, statistics,
};
use crate::web::middleware::canonical_url::QueryValue;
use crate::web::route_table::Routes;

pub fn routes() -> Routes {
    reading().merge(member_routes()).merge(machines()).merge(moderating())
}

fn reading() -> Routes {
    Routes::new()
        // lists
        .route("/", get(lists::top))
        .route("/new", get(lists::newest))
        .route("/best", get(lists::best))
        .route("/active", lists::plain(&lists::ACTIVE))
        .route("/ask", lists::plain(&lists::ASK))
        .route("/show", lists::plain(&lists::SHOW))
        .route("/past", get(lists::past))
        .route("/from/{*site}", get(lists::from))
        .route("/comments", get(comments::newest))
        .route("/comments/best", get(comments::best))
        .route("/leaders", get(profile::leaders))
        .route("/statistics", get(statistics::show))
        .route("/search", get(search::show).post(following::search))
        .route("/events", get(events::open))
        .route("/opensearch.xml", get(search::description))
        // one item
        .route("/item/{id}", get(item::show))
        .route("/item/{id}/order", post(item::remember_order))
        .route("/item/{id}/vote", post(vote::vote))
        .route("/item/{id}/save", post(vote::save))
        .route("/item/{id}/hide", post(vote::hide))
        .route("/item/{id}/mute", get(mutes::choose))
        .route("/item/{id}/follow", post(following::thread))
        .route("/item/{id}/flag", get(flag::new).post(flag::create))
        .route("/item/{id}/vouch", post(flag::vouch))
        .route("/item/{id}/report", get(report::new).post(report::create))
        .route("/item/{id}/kill", post(moderation::item::kill))
        .route("/item/{id}/clear", post(moderation::item::clear))
        .route("/item/{id}/lock", post(moderation::item::lock))
        .route("/item/{id}/merge", post(moderation::item::merge))
        .route("/item/{id}/detach", post(moderation::item::detach))
        .route("/item/{id}/second-chance", post(moderation::item::second_chance))
        .route("/item/{id}/pin", post(moderation::item::pin))
        .route("/item/{id}/moderate", get(moderation::item::show))
        .route("/item/{id}/history", get(moderation::revisions::show))
        .route("/item/{id}/reply", get(reply::new).post(reply::create))
        .route("/item/{id}/edit", get(edit::form).post(edit::update))
        .route("/item/{id}/delete", get(delete::confirm).post(delete::destroy))
        // people
        .route("/user/{name}", get(profile::show))
        .route("/user/{name}/submissions", get(profile::submissions))
        .route("/user/{name}/comments", get(profile::comments))
        .route("/user/{name}/follow", post(following::user))
        .route("/user/{name}/invited", get(invite_tree::branch))
        .route("/invited", get(invite_tree::roots))
}

fn member_routes() -> Routes {
    Routes::new()
        // a member's own
        .route("/submit", get(submit::new).post(submit::create))
        .route("/submit/title", get(submit::title))
        .route("/inbox", get(inbox::show))
        .route("/inbox/read", post(inbox::read_all))
        .route("/inbox/feed", get(inbox_feed::show).post(inbox_feed::create))
        .route("/inbox/feed/end", post(inbox_feed::end))
        .route("/inbox/{id}/read", post(inbox::read))
        .route("/replies", get(inbox::moved))
        .route("/following", get(following::list))
        .route("/saved", my_lists::list(MyList::Saved))
        .route("/hidden", my_lists::list(MyList::Hidden))
        .route("/upvoted", my_lists::list(MyList::Upvoted))
        .route("/invitations", get(invitations::list).post(invitations::create))
        .route("/invitations/{id}/end", post(invitations::end))
        .route("/flagged", my_lists::list(MyList::Flagged))
        .route("/vouched", my_lists::list(MyList::Vouched))
        .route("/settings", get(settings::settings).post(settings::save_settings))
        .route("/settings/email", get(choices::show).post(choices::update))
        .route("/settings/email/choices", post(choices::choose))
        .route("/settings/muted", get(mutes::show).post(mutes::update))
        .route("/settings/password", get(settings::password_form).post(settings::change_password))
        .route("/settings/sessions", get(sessions::show).post(sessions::end))
        .route("/settings/account", get(overview::show))
        .route("/settings/two-factor", get(two_factor::show).post(two_factor::start))
        .route("/settings/two-factor/confirm", post(two_factor::confirm))
        .route("/settings/two-factor/off", post(two_factor::turn_off))
        .route("/settings/two-factor/keep", post(two_factor::keep))
        .route("/settings/passkeys", get(passkeys::show).post(passkeys::start))
        .route("/settings/passkeys/challenge", post(confirm::challenge))
        .route("/settings/passkeys/create", post(passkeys::create))
        .route("/settings/passkeys/only", get(passkeys_only::show).post(passkeys_only::turn_on))
        .route("/settings/passkeys/{id}/remove", get(passkeys::confirm_removal).post(passkeys::remove))
        .route("/settings/name", get(rename::show).post(rename::update))
        .route("/settings/export", get(export::show).post(export::create))
        .route("/settings/export/file", get(export::download))
        .route("/settings/delete", get(deletion::show).post(deletion::delete))
        .route("/settings/recovery", get(recovery::show).post(recovery::create))
        .route("/settings/recovery/skip", post(recovery::skip))
        // what they write to the moderators
        .route("/messages/{id}", get(conversation::show).post(conversation::write))
        .route("/banned", get(banned::show).post(banned::appeal))
        // moderation
        .route("/log", get(log::show))
        // accounts
        .route("/signup", get(signup::new).post(signup::create))
        .route("/invitation/{token}", get(invitations::open).post(invitations::accept))
        .route("/login", get(login::show).post(login::log_in))
        .route("/login/code", get(second_step::start_over).post(second_step::log_in))
        .route("/login/passkey", get(second_step::start_over).post(passkey_login::log_in))
        .route("/login/passkey/challenge", post(passkey_login::challenge))
        .route("/logout", post(login::log_out))
        .route("/theme", post(settings::theme))
        .route("/setup/{token}", get(setup::new).post(setup::create))
        .route("/reset", get(lost_password::new).post(lost_password::create))
        .route("/email/{token}", get(links::show).post(links::follow))
        .route("/reset/recovery", get(recovery::new).post(recovery::recover))
        .route("/reset/{token}", get(password_reset::new).post(password_reset::create))
}

/// What mail programs send with one click, without a session and from anywhere: cross-site requests pass.
pub fn from_mail_programs() -> Routes {
    Routes::new().route("/unsubscribe/{token}", get(unsubscribe::confirm).post(unsubscribe::create))
}

fn machines() -> Routes {
    Routes::new()
        // pages, feeds, health checks
        .route("/guidelines", get(pages::guidelines))
        .route("/privacy", get(pages::privacy))
        .route("/contact", get(contact::show).post(contact::create))
        .route("/contact/{token}", get(conversation::by_receipt).post(conversation::write_by_receipt))
        .route("/pages/{slug}", get(pages::show))
        .route("/bookmarklet", get(submit::bookmarklet))
        .route("/feed/{feed}", get(feeds::list))
        .route("/feed/user/{feed}", get(feeds::user))
        .route("/feed/user/{name}/{feed}", get(feeds::user_list))
        .route("/feed/inbox/{feed}", get(inbox_feed::feed))
        .route("/feed/item/{feed}", get(feeds::item))
        .route("/feed/from/{*feed}", get(feeds::site))
        .route("/robots.txt", get(crawlers::robots))
        .route("/sitemap.xml", get(crawlers::sitemap_index))
        .route("/sitemaps/{name}", get(crawlers::sitemap))
        .route("/.well-known/change-password", get(crawlers::change_password))
        .route("/.well-known/security.txt", get(crawlers::security_txt))
        .route("/healthz", get(pages::healthz))
        .route("/readyz", get(pages::readyz))
        .route("/favicon.ico", get(icons::favicon))
        .route("/icons/{name}", get(icons::show))
        .route("/site.webmanifest", get(icons::manifest))
        .route("/static/{name}", get(static_files::show))
        // Hacker News addresses
        .route("/news", get(hn_redirects::front_page))
        .route("/newest", get(hn_redirects::newest))
        .route("/newcomments", get(hn_redirects::newcomments))
        .route("/front", get(hn_redirects::front))
        .route("/item", get(hn_redirects::item))
        .route("/user", get(hn_redirects::user))
        .route("/submitted", get(hn_redirects::submitted))
        .route("/threads", get(hn_redirects::threads))
        .route("/from", get(hn_redirects::from))
        .route("/submitlink", get(hn_redirects::submitlink))
        .route("/rss", get(hn_redirects::rss))
}

/// Moderators' pages; those of the team, of mail and of the community's face are for admins.
fn moderating() -> Routes {
    Routes::new()
        // moderators' pages
        .route("/mod", get(moderation::queue::show).post(moderation::queue::decide))
        .route("/mod/undo", post(moderation::queue::undo))
        .route("/mod/sites", get(moderation::sites::list).post(moderation::sites::set))
        .route("/mod/new", get(moderation::new_accounts::show))
        .route("/mod/requests", get(moderation::signup_requests::list))
        .route("/mod/requests/{id}", post(moderation::signup_requests::decide))
        .route("/mod/rules", get(moderation::rules::list).post(moderation::rules::create))
        .route("/mod/rules/{id}/drop", post(moderation::rules::drop))
        .route("/mod/team", get(moderation::team::list).post(moderation::team::create))
        .route("/mod/mail", get(moderation::mail::list))
        .route("/mod/mail/{id}", post(moderation::mail::update))
        .route("/mod/settings", get(face::settings::face).post(face::settings::save_face))
        .route("/mod/settings/images", get(face::images::show))
        .route("/mod/settings/images/{kind}", post(face::images::update))
        .route("/mod/settings/images/{kind}/remove", post(face::images::remove))
        .route("/mod/settings/{group}", get(face::settings::show).post(face::settings::update))
        .route("/mod/pages", get(face::pages::list).post(face::pages::create))
        .route("/mod/pages/new", get(face::pages::new))
        .route("/mod/pages/{slug}", get(face::pages::edit).post(face::pages::update))
        .route("/mod/pages/{slug}/delete", get(face::pages::confirm).post(face::pages::delete))
        .route("/mod/start", get(face::start::show).post(face::start::finish))
        .route("/mod/votes", get(moderation::uncounted_votes::show))
        .route("/mod/messages", get(moderating::list))
        .route("/mod/messages/{id}", get(moderating::show))
        .route("/mod/messages/{id}/claim", post(moderating::claim))
        .route("/mod/messages/{id}/answer", post(moderating::answer))
        .route("/mod/messages/{id}/resolve", post(moderating::resolve))
        .route("/mod/messages/{id}/decide", post(moderating::decide))
        // members
        .route("/user/{name}/moderate", get(moderation::user::show))
        .route("/user/{name}/note", post(moderation::user::note))
        .route("/user/{name}/warn", post(moderation::user::warn))
        .route("/user/{name}/message", post(moderation::user::message::create))
        .route("/user/{name}/limit", post(moderation::user::limit))
        .route("/user/{name}/ban", post(moderation::user::ban))
        .route("/user/{name}/shadow", post(moderation::user::shadow))
        .route("/user/{name}/reset-link", post(moderation::user::reset_link::create))
        .route("/user/{name}/clear-two-factor", post(moderation::user::second_factor::clear))
        .route("/user/{name}/role", post(moderation::team::update))
}

/// The query parameters of each path in canonical order. Others are dropped before the page cache, so they
/// cannot multiply cached pages.
#[rustfmt::skip]
pub fn query(path: &str) -> &'static [(&'static str, QueryValue)] {
    use QueryValue::{Arrival, Day, Number, Order, Over, Page, Seen, Text};
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    match parts[..] {
        // lists
        ["" | "active" | "ask" | "show"] =>
            &[("p", Page), ("at", Seen), ("from", Number), ("hid", Arrival)],
        ["comments", "best"] => &[("p", Page), ("at", Seen), ("from", Number)],
        ["best"] => &[("over", Over), ("p", Page), ("at", Seen), ("from", Number), ("hid", Arrival)],
        ["past"] => &[("day", Day), ("p", Page), ("at", Seen), ("from", Number), ("hid", Arrival)],
        ["new"] | ["from", _, ..] => &[("before", Number), ("hid", Arrival)],
        ["comments" | "invitations"] | ["user", _, "submissions" | "comments"] => &[("before", Number)],
        ["saved" | "hidden" | "upvoted" | "flagged" | "vouched"] => &[("p", Page)],
        ["inbox"] => &[("show", Text), ("at", Number), ("before", Number)],
        ["invited"] | ["user", _, "invited"] => &[("at", Number), ("after", Number)],
        ["search"] => &[("q", Text), ("sort", Text), ("from", Number), ("at", Number), ("before", Number)],
        ["events"] => &[("thread", Number), ("list", Text), ("after", Number)],
        ["feed", "log.atom" | "log.rss" | "log.json"] | ["feed", "inbox", _] => &[],
        ["feed", ..] => &[
            ("points", Number), ("comments", Number), ("q", Text), ("count", Number), ("link", Text),
            ("description", Number),
        ],
        ["log"] => &[("act", Text), ("moderator", Text), ("person", Text), ("item", Text), ("before", Text)],
        // one item
        ["item", _] => &[("order", Order), ("again", Arrival), ("voted", Arrival), ("vote", Arrival)],
        ["item", _, "moderate"] =>
            &[("on", Text), ("reason", Text), ("note", Text), ("into", Text), ("text", Text), ("goto", Text)],
        // a member's own
        ["submit"] => &[("u", Text), ("t", Text), ("url", Text), ("title", Text), ("text", Text)],
        ["submit", "title"] => &[("url", Text)],
        ["settings"] | ["settings", "password" | "email" | "name"] => &[("saved", Text)],
        ["login"] => &[("goto", Text), ("vote", Number), ("dir", Text), ("why", Text)],
        ["signup"] => &[("goto", Text), ("sent", Text)],
        // moderators' pages
        ["mod"] | ["mod", "new"] => &[("at", Number), ("before", Number)],
        ["mod", "sites"] => &[("after", Text)],
        ["mod", "messages"] =>
            &[("show", Text), ("at", Number), ("before", Number), ("after", Number)],
        ["mod", "requests"] => &[("at", Number), ("after", Number)],
        ["mod", "votes"] => &[("at", Number), ("voter", Number), ("before", Number)],
        ["mod", "settings"] | ["mod", "settings", _] => &[("saved", Text)],
        ["mod", "team"] => &[("name", Text), ("done", Text)],
        ["user", _, "moderate"] => &[("done", Text), ("posts", Number)],
        // Hacker News addresses
        ["news"] => &[("p", Page)],
        ["newest"] => &[("next", Number)],
        ["front"] => &[("day", Day)],
        ["item"] => &[("id", Number)],
        ["user" | "submitted" | "threads"] => &[("id", Text)],
        ["from"] => &[("site", Text)],
        ["submitlink"] => &[("u", Text), ("t", Text)],
        _ => &[],
    }
}
