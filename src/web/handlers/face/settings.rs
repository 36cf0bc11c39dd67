//! The community's settings in a form that is made from their declaration.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;

use crate::clock::Timestamp;
use crate::config::{Config, Input, SettingEntry};
use crate::domain::accent::Accent;
use crate::store::{self, ActionContext, ChosenSetting};
use crate::web::error::Error;
use crate::web::extract::form::FormErrors;
use crate::web::extract::local_redirect::LocalRedirect;
use crate::web::extract::path::Path;
use crate::web::extract::recovered_form::{Fields, RecoverableForm};
use crate::web::extract::session::Admin;
use crate::web::handlers::moderation::tabs;
use crate::web::state::App;
use crate::web::view::assets::content_hash;
use crate::web::view::layout::{Page, html_with};
use crate::web::view::pagination::Tab;

/// Settings that are on one page, by the headings that they are declared under.
struct Group {
    name: &'static str,
    path: &'static str,
    headings: &'static [&'static str],
}

const GROUPS: [Group; 4] = [
    Group {
        name: "appearance",
        path: "/mod/settings",
        headings: &["Site", "Announcement", "Header and footer"],
    },
    Group {
        name: "people",
        path: "/mod/settings/people",
        headings: &[
            "Reading",
            "Moderation log",
            "Sign-up",
            "Approval",
            "Contact",
            "Invitations and sign-up requests",
        ],
    },
    Group {
        name: "posts",
        path: "/mod/settings/posts",
        headings: &["Karma and flags", "Votes that do not count", "Posts and votes"],
    },
    Group {
        name: "limits",
        path: "/mod/settings/limits",
        headings: &["Logins and requests", "Rate limits; 0: not allowed"],
    },
];

const CHANGED_MEANWHILE: &str =
    "Somebody else changed these settings meanwhile. Check what differs, then save again.";

const SETTINGS_PATHS: [(&str, &str); 1] = [("logo and icon", "/mod/settings/images")];

/// The bar of the pages of settings.
pub fn settings_tabs(here: &str) -> Vec<Tab> {
    let pages = GROUPS.iter().map(|group| (group.name, group.path)).chain(SETTINGS_PATHS);
    pages
        .map(|(name, href)| Tab { name: name.to_owned(), href: href.to_owned(), current: name == here })
        .collect()
}

struct SettingView {
    entry: SettingEntry,
    /// Where it is given, if it cannot be chosen here.
    given_as: Option<String>,
    default: String,
    is_chosen: bool,
    is_reset: bool,
    /// What is in effect, if it differs from what was typed and changed meanwhile.
    now: Option<String>,
    note: Option<String>,
    swatches: Vec<String>,
}

impl SettingView {
    fn is_choice(&self, name: &str) -> bool {
        self.entry.text == name
    }

    /// What was typed may be no colour, which a field for colours could not show.
    fn is_colour(&self) -> bool {
        self.entry.input == Input::Colour && self.entry.text.parse::<crate::domain::accent::Rgb>().is_ok()
    }
}

struct SettingSection {
    heading: &'static str,
    settings: Vec<SettingView>,
}

#[derive(Template)]
#[template(path = "face/settings.html")]
struct CommunitySettingsPage<'a> {
    page: Page<'a>,
    desk: Vec<Tab>,
    tabs: Vec<Tab>,
    path: &'static str,
    saved: bool,
    errors: FormErrors,
    version: String,
    sections: Vec<SettingSection>,
}

fn group(name: &str) -> Result<&'static Group, Error> {
    GROUPS.iter().find(|group| group.name == name).ok_or(Error::NotFound)
}

impl Group {
    fn entries(&self, config: &Config) -> Vec<SettingEntry> {
        let all = config.of_community().into_iter();
        all.filter(|entry| self.headings.contains(&entry.heading)).collect()
    }

    /// Names the values that a form began from.
    fn version(&self, config: &Config) -> String {
        let values: Vec<String> =
            self.entries(config).iter().map(|entry| format!("{}={}", entry.name, entry.toml)).collect();
        content_hash(values.join("\n").as_bytes())
    }
}

/// What was typed, by name.
#[derive(Default)]
struct TypedSettings {
    values: BTreeMap<String, String>,
    /// Settings that go back to their defaults.
    resets: Vec<String>,
    version: String,
}

impl TypedSettings {
    fn new(fields: Fields) -> TypedSettings {
        let mut typed = TypedSettings::default();
        for (name, value) in fields {
            match name.as_str() {
                "default[]" => typed.resets.push(value),
                "version" => typed.version = value,
                _ => {
                    typed.values.insert(name, value.replace("\r\n", "\n"));
                }
            }
        }
        typed
    }

    /// Whether the form began from other values than those of now.
    fn is_stale(&self, group: &Group, config: &Config) -> bool {
        !self.version.is_empty() && self.version != group.version(config)
    }
}

fn sections(app: &App, group: &Group, typed: &TypedSettings) -> Vec<SettingSection> {
    let (config, chosen) = (app.community.config(), app.community.chosen());
    let defaults: BTreeMap<_, _> =
        Config::default().of_community().into_iter().map(|entry| (entry.name, entry.text)).collect();
    let is_stale = typed.is_stale(group, &config);
    let mut sections: Vec<SettingSection> = Vec::new();
    for mut entry in group.entries(&config) {
        let given_as = config.given_as.get(entry.name).cloned();
        let in_effect = entry.text.clone();
        if let Some(value) = typed.values.get(entry.name).filter(|_| given_as.is_none()) {
            entry.text.clone_from(value);
        }
        let accent = (entry.input == Input::Colour).then_some(config.site.accent);
        let heading = entry.heading;
        let view = SettingView {
            default: defaults.get(entry.name).cloned().unwrap_or_default(),
            is_chosen: given_as.is_none() && chosen.contains_key(entry.name),
            is_reset: typed.resets.iter().any(|name| name == entry.name),
            now: (is_stale && entry.text != in_effect).then_some(in_effect),
            note: accent.and_then(Accent::warning),
            swatches: accent.map_or_else(Vec::new, swatches),
            given_as,
            entry,
        };
        match sections.last_mut().filter(|section| section.heading == heading) {
            Some(section) => section.settings.push(view),
            None => sections.push(SettingSection { heading, settings: vec![view] }),
        }
    }
    sections
}

/// The tones on light and on dark pages.
fn swatches(accent: Accent) -> Vec<String> {
    vec![accent.on_light().to_string(), accent.on_dark().to_string()]
}

fn page(
    app: &App,
    admin: &Admin,
    group: &'static Group,
    typed: &TypedSettings,
    (errors, saved): (FormErrors, bool),
) -> Response {
    let mut page = Page::new(app, &admin.viewer, "mod", "Settings of the community");
    page.robots = false;
    html_with(
        errors.status(),
        &CommunitySettingsPage {
            page,
            desk: tabs::bar(&admin.member, "settings"),
            tabs: settings_tabs(group.name),
            path: group.path,
            saved,
            errors,
            version: group.version(&app.community.config()),
            sections: sections(app, group, typed),
        },
    )
}

/// What is to be stored, or what is wrong.
fn check(
    config: &Config,
    group: &Group,
    typed: &TypedSettings,
    now: Timestamp,
) -> Result<Vec<ChosenSetting>, FormErrors> {
    let mut errors = FormErrors::default();
    if typed.is_stale(group, config) {
        errors.add("", CHANGED_MEANWHILE);
    }
    let (mut wanted, mut changes) = (config.clone(), Vec::new());
    let defaults = group.entries(&Config::default());
    for (before, default) in group.entries(config).into_iter().zip(defaults) {
        let name = before.name;
        let is_reset = typed.resets.iter().any(|reset| reset == name);
        let Some(text) = (if is_reset { Some(&default.text) } else { typed.values.get(name) }) else {
            continue;
        };
        if !is_reset && *text == before.text {
            continue;
        }
        if errors.check(name, wanted.choose(name, text)).is_some() {
            changes.push((before, (!is_reset).then(|| text.clone())));
        }
    }
    if changes.iter().any(|(before, _)| before.heading == "Announcement") {
        check_announcement(&wanted, now, &mut errors);
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let after: BTreeMap<_, _> =
        wanted.of_community().into_iter().map(|entry| (entry.name, entry.toml)).collect();
    let chosen = |(before, text): (SettingEntry, Option<String>)| ChosenSetting {
        name: before.name,
        text,
        after: after.get(before.name).cloned().unwrap_or_default(),
        before: before.toml,
    };
    Ok(changes.into_iter().map(chosen).collect())
}

/// An announcement that is made here has an end.
fn check_announcement(wanted: &Config, now: Timestamp, errors: &mut FormErrors) {
    let field = "announcement_until";
    if wanted.site.announcement.is_empty() || wanted.given_as.contains_key(field) || errors.has(field) {
        return;
    }
    match wanted.site.announcement_until {
        None => errors.add(field, "Please choose the last day of the announcement."),
        Some(day) if day.end() <= now => {
            errors.add(field, format!("{day} is over. Please choose today or a later day."));
        }
        Some(_) => {}
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct CommunitySettingsQuery {
    saved: String,
}

/// `GET /mod/settings`
pub async fn face(
    State(app): State<App>,
    admin: Admin,
    Query(asked): Query<CommunitySettingsQuery>,
) -> Result<Response, Error> {
    let errors = (FormErrors::default(), !asked.saved.is_empty());
    Ok(page(&app, &admin, group("appearance")?, &TypedSettings::default(), errors))
}

/// `GET /mod/settings/{group}`
pub async fn show(
    State(app): State<App>,
    admin: Admin,
    Path(name): Path<String>,
    Query(asked): Query<CommunitySettingsQuery>,
) -> Result<Response, Error> {
    let group = group(&name)?;
    let errors = (FormErrors::default(), !asked.saved.is_empty());
    Ok(page(&app, &admin, group, &TypedSettings::default(), errors))
}

async fn save(app: &App, admin: &Admin, group: &'static Group, fields: Fields) -> Result<Response, Error> {
    let typed = TypedSettings::new(fields);
    let known = app.community.chosen();
    let chosen = match check(&app.community.config(), group, &typed, admin.viewer.now) {
        Ok(chosen) => chosen,
        Err(errors) => return Ok(page(app, admin, group, &typed, (errors, false))),
    };
    let act = ActionContext { actor: Some(admin.member.id), reason: "", at: admin.viewer.now };
    if !chosen.is_empty() {
        match app.store.choose_settings(&chosen, &known, act).await {
            Err(store::Error::Conflict) => {
                let errors = FormErrors::one("", CHANGED_MEANWHILE);
                return Ok(page(app, admin, group, &typed, (errors, false)));
            }
            done => done?,
        }
    }
    Ok(LocalRedirect::new(&format!("{}?saved=true", group.path)).redirect())
}

/// `POST /mod/settings`
pub async fn save_face(
    State(app): State<App>,
    RecoverableForm { asking: admin, typed }: RecoverableForm<Fields, Admin>,
) -> Result<Response, Error> {
    save(&app, &admin, group("appearance")?, typed).await
}

/// `POST /mod/settings/{group}`
pub async fn update(
    State(app): State<App>,
    Path(name): Path<String>,
    RecoverableForm { asking: admin, typed }: RecoverableForm<Fields, Admin>,
) -> Result<Response, Error> {
    save(&app, &admin, group(&name)?, typed).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_setting_of_the_community_is_on_one_page() {
        for entry in Config::default().of_community() {
            let pages = GROUPS.iter().filter(|group| group.headings.contains(&entry.heading)).count();
            assert_eq!(pages, 1, "{} under “{}”", entry.name, entry.heading);
        }
    }
}
