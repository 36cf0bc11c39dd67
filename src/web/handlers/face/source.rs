//! Where the words of the pages come from that every forum has.

use crate::domain::face::page::BuiltInPage;
use crate::web::error::Error;
use crate::web::state::App;

const GUIDELINES: &str = include_str!("../../../../templates/pages/guidelines.md");
const PRIVACY: &str = include_str!("../../../../templates/pages/privacy.md");
const CONTACT: &str = include_str!("../../../../templates/pages/contact.md");

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageOrigin {
    /// A file in `pages_dir`, which goes before what admins wrote.
    File,
    /// Its version.
    Admins(i64),
    BuiltIn,
}

pub struct PageSource {
    pub text: String,
    pub origin: PageOrigin,
}

async fn of_file(app: &App, page: BuiltInPage) -> Option<String> {
    let folder = &app.config.pages_dir;
    if folder.as_os_str().is_empty() {
        return None;
    }
    let name = format!("{}.md", page.slug());
    match tokio::fs::read_to_string(folder.join(&name)).await {
        Ok(text) => Some(text),
        Err(error) => {
            if error.kind() != std::io::ErrorKind::NotFound {
                tracing::warn!(name, %error, "a page could not be read; another text is shown");
            }
            None
        }
    }
}

pub async fn load(app: &App, page: BuiltInPage) -> Result<PageSource, Error> {
    if let Some(text) = of_file(app, page).await {
        return Ok(PageSource { text, origin: PageOrigin::File });
    }
    if let Some(page) = app.store.page(page.slug()).await? {
        return Ok(PageSource { text: page.text, origin: PageOrigin::Admins(page.version) });
    }
    let text = match page {
        BuiltInPage::Guidelines => GUIDELINES,
        BuiltInPage::Privacy => PRIVACY,
        BuiltInPage::Contact => CONTACT,
    };
    Ok(PageSource { text: text.to_owned(), origin: PageOrigin::BuiltIn })
}
