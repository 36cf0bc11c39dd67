//! The archive of a member's own data: JSON for programs, and a page for people.

use std::io::{Cursor, Write};

use askama::Template;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::domain::accounts::own_data::{MAX_ROWS, OwnData, OwnPost};
use crate::domain::accounts::user::UserId;
use crate::domain::text::{self, Html};
use crate::domain::time::relative_time;
use crate::web::error::Error;
use crate::web::state::App;

#[derive(Template)]
#[template(path = "accounts/ownership/archive.html")]
struct ArchivePage<'a> {
    data: &'a OwnData,
    site_name: &'a str,
    base_url: &'a str,
    /// When it was made.
    made: String,
}

impl ArchivePage<'_> {
    fn rendered(&self, source: &str) -> Html {
        text::render(source)
    }

    fn day(&self, post: &OwnPost) -> String {
        relative_time::minute(post.time)
    }

    fn most(&self) -> i64 {
        MAX_ROWS
    }
}

impl App {
    /// Makes the archive of a member's own data, off the threads that answer.
    pub async fn archive_of(&self, user: UserId) -> Result<Vec<u8>, Error> {
        let data = self.store.own_data(user).await?;
        let (settings, base_url) = (self.settings(), self.config.base_url.clone());
        let made = relative_time::minute(self.clock.now());
        let pack = move || {
            let (site_name, base_url) = (&settings.site_name, &base_url);
            pack(&data, &ArchivePage { data: &data, site_name, base_url, made })
        };
        tokio::task::spawn_blocking(pack).await.map_err(Error::internal)?.map_err(Error::internal)
    }
}

fn pack(data: &OwnData, page: &ArchivePage<'_>) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in
        [("data.json", serde_json::to_vec_pretty(data)?), ("index.html", page.render()?.into_bytes())]
    {
        archive.start_file(name, SimpleFileOptions::default())?;
        archive.write_all(&content)?;
    }
    Ok(archive.finish()?.into_inner())
}
