//! The logo and the icon, which admins upload.

use askama::Template;
use axum::extract::multipart::{MultipartError, MultipartRejection};
use axum::extract::{Multipart, State};
use axum::response::Response;
use bytes::Bytes;

use crate::domain::face::image::{self, ImageKind};
use crate::store::{ActionContext, ImageRow};
use crate::web::error::Error;
use crate::web::extract::form::FormErrors;
use crate::web::extract::local_redirect::LocalRedirect;
use crate::web::extract::path::Path;
use crate::web::extract::session::Admin;
use crate::web::handlers::face::settings::settings_tabs;
use crate::web::handlers::moderation::tabs;
use crate::web::state::App;
use crate::web::view::assets::content_hash;
use crate::web::view::layout::{Page, html_with};
use crate::web::view::pagination::Tab;

const HERE: &str = "/mod/settings/images";

struct ImageView {
    kind: &'static str,
    heading: &'static str,
    help: &'static str,
    accepts: &'static str,
    /// Its address.
    present: Option<String>,
}

#[derive(Template)]
#[template(path = "face/images.html")]
struct ImagesPage<'a> {
    page: Page<'a>,
    desk: Vec<Tab>,
    tabs: Vec<Tab>,
    errors: FormErrors,
    images: [ImageView; 2],
}

fn page(app: &App, admin: &Admin, errors: FormErrors) -> Response {
    let face = app.face();
    let images = [
        ImageView {
            kind: ImageKind::Logo.as_str(),
            heading: "Logo",
            help: "In the header, in place of the mark: an SVG, PNG, JPEG or WebP image of up \
                   to 100 KB. It is shown 24 pixels high.",
            accepts: "image/svg+xml,image/png,image/jpeg,image/webp",
            present: face.image(ImageKind::Logo),
        },
        ImageView {
            kind: ImageKind::Icon.as_str(),
            heading: "Icon",
            help: "In tabs of browsers and on home screens: a square PNG image of at least 180 × 180 pixels \
                   and up to 100 KB.",
            accepts: "image/png",
            present: face.image(ImageKind::Icon),
        },
    ];
    let mut page = Page::new(app, &admin.viewer, "mod", "Logo and icon");
    page.robots = false;
    let (desk, tabs) = (tabs::bar(&admin.member, "settings"), settings_tabs("logo and icon"));
    html_with(errors.status(), &ImagesPage { page, desk, tabs, errors, images })
}

/// `GET /mod/settings/images`
pub async fn show(State(app): State<App>, admin: Admin) -> Response {
    page(&app, &admin, FormErrors::default())
}

fn kind(name: &str) -> Result<ImageKind, Error> {
    ImageKind::ALL.into_iter().find(|kind| kind.as_str() == name).ok_or(Error::NotFound)
}

/// The content of the form's file; empty if none was chosen.
async fn file(mut form: Multipart) -> Result<Bytes, MultipartError> {
    while let Some(field) = form.next_field().await? {
        if field.name() == Some("file") {
            return field.bytes().await;
        }
    }
    Ok(Bytes::new())
}

/// `POST /mod/settings/images/{kind}`
pub async fn update(
    State(app): State<App>,
    admin: Admin,
    Path(name): Path<String>,
    form: Result<Multipart, MultipartRejection>,
) -> Result<Response, Error> {
    let kind = kind(&name)?;
    let unread = || Error::bad("The file could not be read. Go back, reload the page and send it again.");
    let bytes = file(form.map_err(|_| unread())?).await.map_err(|_| unread())?;
    let format = match image::check(kind, &bytes) {
        Ok(format) => format,
        Err(wrong) => return Ok(page(&app, &admin, FormErrors::one(kind.as_str(), wrong))),
    };
    let image = ImageRow { kind, format, hash: content_hash(&bytes) };
    let act = ActionContext { actor: Some(admin.member.id), reason: "", at: admin.viewer.now };
    app.store.put_image(&image, &bytes, act).await?;
    Ok(LocalRedirect::new(HERE).redirect())
}

/// `POST /mod/settings/images/{kind}/remove`
pub async fn remove(
    State(app): State<App>,
    admin: Admin,
    Path(name): Path<String>,
) -> Result<Response, Error> {
    let act = ActionContext { actor: Some(admin.member.id), reason: "", at: admin.viewer.now };
    app.store.remove_image(kind(&name)?, act).await?;
    Ok(LocalRedirect::new(HERE).redirect())
}
