use crate::domain::face::image::{ImageFormat, ImageKind};
use crate::store::accounts::author;
use crate::store::moderation::log_entry::ActionContext;
use crate::store::settings::log;
use crate::store::{Change, Error, Result, Store};

/// What is known of an image without its content.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct ImageRow {
    pub kind: ImageKind,
    pub format: ImageFormat,
    pub hash: String,
}

impl ImageRow {
    /// As in its address.
    pub fn file_name(&self) -> String {
        format!("{}.{}.{}", self.kind.as_str(), self.hash, self.format.extension())
    }
}

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct ImageFile {
    #[sqlx(flatten)]
    pub about: ImageRow,
    pub bytes: Vec<u8>,
}

const NONE: &str = "none";

impl Store {
    pub async fn images(&self) -> Result<Vec<ImageRow>> {
        self.read.sql("select kind, format, hash from images").fetch_all().await
    }

    pub async fn image(&self, kind: ImageKind) -> Result<Option<ImageFile>> {
        self.read
            .sql("select kind, format, hash, bytes from images where kind = $1")
            .bind(kind)
            .fetch_optional()
            .await
    }

    /// Replaces an image and logs it.
    pub async fn put_image(&self, image: &ImageRow, bytes: &[u8], act: ActionContext<'_>) -> Result<()> {
        let mut tx = self.begin().await?;
        author::admin(&mut tx, act.actor, act.at).await?;
        let select = tx.sql("select kind, format, hash from images where kind = $1").bind(image.kind);
        let before: Option<ImageRow> = select.fetch_optional().await?;
        tx.sql(
            "insert into images (kind, format, hash, bytes) values ($1, $2, $3, $4) on conflict (kind) do \
             update set format = excluded.format, hash = excluded.hash, bytes = excluded.bytes",
        )
        .bind(image.kind)
        .bind(image.format)
        .bind(image.hash.as_str())
        .bind(bytes)
        .execute()
        .await?;
        let before = before.map_or_else(|| NONE.to_owned(), |before| before.file_name());
        log(&mut tx, image.kind.as_str(), &before, &image.file_name(), act).await?;
        self.commit(tx, &[Change::Everything]).await
    }

    /// Removes an image and logs it. Fails with `NotFound` if there is none.
    pub async fn remove_image(&self, kind: ImageKind, act: ActionContext<'_>) -> Result<()> {
        let mut tx = self.begin().await?;
        author::admin(&mut tx, act.actor, act.at).await?;
        let delete = tx.sql("delete from images where kind = $1 returning kind, format, hash").bind(kind);
        let before: Option<ImageRow> = delete.fetch_optional().await?;
        let before = before.ok_or(Error::NotFound)?.file_name();
        log(&mut tx, kind.as_str(), &before, NONE, act).await?;
        self.commit(tx, &[Change::Everything]).await
    }
}
