//! The community's own pages, and its words for the pages that every forum has.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use crate::domain::face::page::{self, BuiltInPage, PageError};
use crate::domain::text::Html;
use crate::store::{self, ActionContext, NewPage, PageRow};
use crate::web::error::Error;
use crate::web::extract::form::FormErrors;
use crate::web::extract::local_redirect::LocalRedirect;
use crate::web::extract::path::Path;
use crate::web::extract::recovered_form::RecoverableForm;
use crate::web::extract::session::Admin;
use crate::web::handlers::face::source::{self, PageOrigin};
use crate::web::handlers::moderation::tabs;
use crate::web::handlers::pages;
use crate::web::state::App;
use crate::web::view::items::TimeView;
use crate::web::view::layout::{self, Page, html_with};
use crate::web::view::pagination::Tab;

const LIST: &str = "/mod/pages";

struct PageLine {
    slug: String,
    title: String,
    address: String,
    /// Where the words come from.
    about: &'static str,
    when: Option<TimeView>,
    /// Given by a file.
    is_fixed: bool,
}

#[derive(Template)]
#[template(path = "face/pages.html")]
struct PageListPage<'a> {
    page: Page<'a>,
    desk: Vec<Tab>,
    built_in: Vec<PageLine>,
    own: Vec<PageLine>,
}

#[derive(Template)]
#[template(path = "face/page_form.html")]
struct PageFormPage<'a> {
    page: Page<'a>,
    desk: Vec<Tab>,
    errors: FormErrors,
    action: String,
    typed: &'a PageForm,
    /// Whether title, address and footer can be chosen.
    is_own: bool,
    is_new: bool,
    /// Whether it can be deleted, or replaced with the built-in text again.
    slug: Option<String>,
    preview: Option<Html>,
    /// What it says now, if it was changed meanwhile.
    now: Option<String>,
}

#[derive(Template)]
#[template(path = "face/page_delete.html")]
struct PageDeletePage<'a> {
    page: Page<'a>,
    desk: Vec<Tab>,
    slug: String,
    title: String,
    is_own: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PageForm {
    title: String,
    slug: String,
    text: String,
    footer: Option<String>,
    /// That the text began from; empty for a new page.
    version: String,
    preview: Option<String>,
}

/// `GET /mod/pages`
pub async fn list(State(app): State<App>, admin: Admin) -> Result<Response, Error> {
    let now = admin.viewer.now;
    let rows = app.store.pages().await?;
    let own = |row: &PageRow| PageLine {
        slug: row.slug.clone(),
        title: row.title.clone(),
        address: page::address(&row.slug),
        about: if row.in_footer { "in the footer" } else { "not in the footer" },
        when: Some(TimeView::new(row.updated_at, now)),
        is_fixed: false,
    };
    let mut built_in = Vec::new();
    for page in BuiltInPage::ALL {
        let origin = source::load(&app, page).await?.origin;
        let row = rows.iter().find(|row| row.slug == page.slug() && origin != PageOrigin::File);
        built_in.push(PageLine {
            slug: page.slug().to_owned(),
            title: page.title().to_owned(),
            address: page::address(page.slug()),
            about: match origin {
                PageOrigin::File => "fixed: it is a file in pages_dir",
                PageOrigin::Admins(_) => "the community’s own text",
                PageOrigin::BuiltIn => "the built-in text",
            },
            when: row.map(|row| TimeView::new(row.updated_at, now)),
            is_fixed: origin == PageOrigin::File,
        });
    }
    Ok(layout::html(&PageListPage {
        page: Page::new(&app, &admin.viewer, "mod", "Pages"),
        desk: tabs::bar(&admin.member, "pages"),
        built_in,
        own: rows.iter().filter(|row| BuiltInPage::of(&row.slug).is_none()).map(own).collect(),
    }))
}

#[derive(Default)]
struct PageFormNotes {
    errors: FormErrors,
    preview: Option<Html>,
    now: Option<String>,
}

/// The form of a page at `slug`; `None`: of a new one.
fn form(app: &App, admin: &Admin, slug: Option<&str>, typed: &PageForm, notes: PageFormNotes) -> Response {
    let PageFormNotes { errors, preview, now } = notes;
    let built_in = slug.and_then(BuiltInPage::of);
    let title = if slug.is_none() { "New page" } else { "Edit a page" };
    let mut page = Page::new(app, &admin.viewer, "mod", title);
    page.robots = false;
    html_with(
        errors.status(),
        &PageFormPage {
            page,
            desk: tabs::bar(&admin.member, "pages"),
            errors,
            action: slug.map_or_else(|| LIST.to_owned(), |slug| format!("{LIST}/{slug}")),
            typed,
            is_own: built_in.is_none(),
            is_new: slug.is_none(),
            slug: slug.filter(|_| !typed.version.is_empty()).map(str::to_owned),
            preview,
            now,
        },
    )
}

/// `GET /mod/pages/new`
pub async fn new(State(app): State<App>, admin: Admin) -> Result<Response, Error> {
    let typed = PageForm { footer: Some("true".to_owned()), ..PageForm::default() };
    Ok(form(&app, &admin, None, &typed, PageFormNotes::default()))
}

/// The page as a form begins with it. Fails if a file gives it, or if there is none.
async fn present(app: &App, slug: &str) -> Result<PageForm, Error> {
    if let Some(page) = BuiltInPage::of(slug) {
        let source = source::load(app, page).await?;
        let version = match source.origin {
            PageOrigin::File => {
                return Err(Error::bad("This page is a file in pages_dir, which the operator changes."));
            }
            PageOrigin::Admins(version) => version.to_string(),
            PageOrigin::BuiltIn => String::new(),
        };
        let title = page.title().to_owned();
        return Ok(PageForm { title, text: source.text, version, ..PageForm::default() });
    }
    let page = app.store.page(slug).await?.ok_or(Error::NotFound)?;
    Ok(PageForm {
        title: page.title,
        slug: slug.to_owned(),
        text: page.text,
        footer: page.in_footer.then(|| "true".to_owned()),
        version: page.version.to_string(),
        preview: None,
    })
}

/// `GET /mod/pages/{slug}`
pub async fn edit(State(app): State<App>, admin: Admin, Path(slug): Path<String>) -> Result<Response, Error> {
    let typed = present(&app, &slug).await?;
    Ok(form(&app, &admin, Some(&slug), &typed, PageFormNotes::default()))
}

/// Saves a page, shows its preview, or says what is wrong. `slug`: of the page that is edited.
async fn save(app: &App, admin: &Admin, slug: Option<&str>, typed: &PageForm) -> Result<Response, Error> {
    let mut errors = FormErrors::default();
    let built_in = slug.and_then(BuiltInPage::of);
    let title = match built_in {
        Some(page) => Some(page.title()),
        None => errors.check("title", page::title(&typed.title)),
    };
    let to = match slug {
        Some(slug) => Some(slug.to_owned()),
        None => errors.check("slug", page::slug(&typed.slug)),
    };
    let text = errors.check("text", page::text(&typed.text));
    let (Some(title), Some(to), Some(text)) = (title, to, text) else {
        return Ok(form(app, admin, slug, typed, PageFormNotes { errors, ..PageFormNotes::default() }));
    };
    if typed.preview.is_some() {
        let preview = Some(pages::rendered(app, text, admin.viewer.now).await?);
        return Ok(form(app, admin, slug, typed, PageFormNotes { preview, ..PageFormNotes::default() }));
    }
    let in_footer = typed.footer.is_some() && built_in.is_none();
    let new = NewPage { slug: &to, title, text, in_footer, version: typed.version.parse().ok() };
    let act = ActionContext { actor: Some(admin.member.id), reason: "", at: admin.viewer.now };
    match app.store.save_page(new, act).await {
        Err(store::Error::Conflict) => conflict(app, admin, slug, typed, &to).await,
        saved => saved.map(|()| LocalRedirect::new(&page::address(&to)).redirect()).map_err(Error::from),
    }
}

/// The form again, with what came first: a page at that address, too many pages, or another edit.
async fn conflict(
    app: &App,
    admin: &Admin,
    slug: Option<&str>,
    typed: &PageForm,
    to: &str,
) -> Result<Response, Error> {
    let Some(slug) = slug else {
        let is_taken = app.store.page(to).await?.is_some();
        let (field, wrong) = if is_taken { ("slug", PageError::Taken) } else { ("", PageError::TooMany) };
        let errors = FormErrors::one(field, wrong);
        return Ok(form(app, admin, None, typed, PageFormNotes { errors, ..PageFormNotes::default() }));
    };
    let now = present(app, slug).await?;
    let (title, own_slug) = (typed.title.clone(), typed.slug.clone());
    let (text, footer) = (typed.text.clone(), typed.footer.clone());
    let again = PageForm { title, slug: own_slug, text, footer, version: now.version, preview: None };
    let errors = FormErrors::one("text", "Somebody else changed this page while you were writing.");
    let notes = PageFormNotes { errors, now: Some(now.text), preview: None };
    Ok(form(app, admin, Some(slug), &again, notes))
}

/// `POST /mod/pages`
pub async fn create(
    State(app): State<App>,
    RecoverableForm { asking: admin, typed }: RecoverableForm<PageForm, Admin>,
) -> Result<Response, Error> {
    save(&app, &admin, None, &typed).await
}

/// `POST /mod/pages/{slug}`
pub async fn update(
    State(app): State<App>,
    Path(slug): Path<String>,
    RecoverableForm { asking: admin, typed }: RecoverableForm<PageForm, Admin>,
) -> Result<Response, Error> {
    present(&app, &slug).await?;
    save(&app, &admin, Some(&slug), &typed).await
}

/// `GET /mod/pages/{slug}/delete`
pub async fn confirm(
    State(app): State<App>,
    admin: Admin,
    Path(slug): Path<String>,
) -> Result<Response, Error> {
    let title = app.store.page(&slug).await?.ok_or(Error::NotFound)?.title;
    let mut page = Page::new(&app, &admin.viewer, "mod", "Delete a page");
    page.robots = false;
    let (desk, is_own) = (tabs::bar(&admin.member, "pages"), BuiltInPage::of(&slug).is_none());
    Ok(layout::html(&PageDeletePage { page, desk, slug, title, is_own }))
}

/// `POST /mod/pages/{slug}/delete`
pub async fn delete(
    State(app): State<App>,
    admin: Admin,
    Path(slug): Path<String>,
) -> Result<Response, Error> {
    let act = ActionContext { actor: Some(admin.member.id), reason: "", at: admin.viewer.now };
    app.store.delete_page(&slug, act).await?;
    Ok(LocalRedirect::new(LIST).redirect())
}
