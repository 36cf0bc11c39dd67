use crate::clock::Timestamp;
use crate::domain::face::page::{BuiltInPage, MAX_PAGES};
use crate::domain::moderation::action::Action;
use crate::store::accounts::author;
use crate::store::moderation::log_entry::{ActionContext, LogEntry, append_log_entry};
use crate::store::{Change, Error, Result, Store, Tx};

#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct PageRow {
    pub slug: String,
    pub title: String,
    pub in_footer: bool,
    pub updated_at: Timestamp,
}

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct PageText {
    pub title: String,
    /// Markdown source.
    pub text: String,
    pub in_footer: bool,
    pub version: i64,
}

#[derive(Debug, Clone, Copy)]
pub struct NewPage<'a> {
    pub slug: &'a str,
    pub title: &'a str,
    pub text: &'a str,
    pub in_footer: bool,
    /// The version that was edited; `None`: the page is new.
    pub version: Option<i64>,
}

async fn log(tx: &mut Tx, action: Action, title: &str, act: ActionContext<'_>) -> Result<()> {
    let detail = format!("“{title}”");
    append_log_entry(tx, act, LogEntry { detail: &detail, ..LogEntry::of(action) }).await
}

async fn insert(tx: &mut Tx, new: NewPage<'_>, now: Timestamp) -> Result<u64> {
    let pages: i64 = tx.sql("select count(*) from pages").fetch_scalar().await?;
    // Those that every forum has are no more than three.
    if pages >= MAX_PAGES && BuiltInPage::of(new.slug).is_none() {
        return Err(Error::Conflict);
    }
    tx.sql(
        "insert into pages (slug, title, text, in_footer, updated_at) values ($1, $2, $3, $4, $5) \
         on conflict (slug) do nothing",
    )
    .bind(new.slug)
    .bind(new.title)
    .bind(new.text)
    .bind(new.in_footer)
    .bind(now)
    .execute()
    .await
}

impl Store {
    pub async fn pages(&self) -> Result<Vec<PageRow>> {
        self.read
            .sql("select slug, title, in_footer, updated_at from pages order by slug limit 100")
            .fetch_all()
            .await
    }

    pub async fn page(&self, slug: &str) -> Result<Option<PageText>> {
        self.read
            .sql("select title, text, in_footer, version from pages where slug = $1")
            .bind(slug)
            .fetch_optional()
            .await
    }

    /// Stores a page and logs it. Fails with `Conflict` if it was changed or deleted meanwhile, or if it is
    /// new and there is one at that address, or as many as there may be.
    pub async fn save_page(&self, page: NewPage<'_>, act: ActionContext<'_>) -> Result<()> {
        let mut tx = self.begin().await?;
        author::admin(&mut tx, act.actor, act.at).await?;
        let saved = match page.version {
            None => insert(&mut tx, page, act.at).await?,
            Some(version) => {
                tx.sql(
                    "update pages set title = $2, text = $3, in_footer = $4, updated_at = $5, version = \
                     version + 1 where slug = $1 and version = $6",
                )
                .bind(page.slug)
                .bind(page.title)
                .bind(page.text)
                .bind(page.in_footer)
                .bind(act.at)
                .bind(version)
                .execute()
                .await?
            }
        };
        if saved == 0 {
            return Err(Error::Conflict);
        }
        log(&mut tx, Action::EditPage, page.title, act).await?;
        self.commit(tx, &[Change::Everything]).await
    }

    /// Deletes a page and logs it. Fails with `NotFound` if there is none.
    pub async fn delete_page(&self, slug: &str, act: ActionContext<'_>) -> Result<()> {
        let mut tx = self.begin().await?;
        author::admin(&mut tx, act.actor, act.at).await?;
        let delete = tx.sql("delete from pages where slug = $1 returning title").bind(slug);
        let title: Option<String> = delete.fetch_optional_scalar().await?;
        log(&mut tx, Action::DeletePage, &title.ok_or(Error::NotFound)?, act).await?;
        self.commit(tx, &[Change::Everything]).await
    }
}
