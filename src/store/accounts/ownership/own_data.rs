//! Reads what an account has of its own, by its indices.

use crate::domain::accounts::own_data::{MAX_ROWS, OwnData, OwnNotice, OwnPost, OwnRevision};
use crate::domain::accounts::user::UserId;
use crate::domain::items::item::Kind;
use crate::domain::notification::Notification;
use crate::store::accounts::ownership::shown_name;
use crate::store::{Fetchable, Result, Store};

/// Posts of a kind by `$1`, the newest `$2`.
macro_rules! select_posts {
    ($kind:literal) => {
        concat!(
            "select i.id, i.kind, i.time, i.title, i.url, i.text, i.parent_id, i.root_id, r.title as story, \
             i.score, i.deleted_at from items i left join items r on r.id = i.root_id and i.kind = \
             'comment' where i.author_id = $1 and ",
            $kind,
            " order by i.time desc, i.id desc limit $2"
        )
    };
}

/// What these were before edits and their deletion.
macro_rules! select_revisions {
    ($kind:literal) => {
        concat!(
            "select v.item_id, v.created_at, v.title, v.url, v.text from items i join revisions v on \
             v.item_id = i.id where i.author_id = $1 and ",
            $kind,
            " order by i.time desc, i.id desc limit $2"
        )
    };
}

/// When `$1` saved, hid or vouched for which items.
macro_rules! select_marked {
    ($table:literal) => {
        concat!(
            "select item_id, created_at from ",
            $table,
            " where user_id = $1 order by created_at desc limit $2"
        )
    };
}

const PROFILE: &str = concat!(
    "select u.name, u.role, u.karma, u.created_at, u.about, u.theme, u.comment_order, u.show_dead, ",
    shown_name!("i"),
    " as invited_by, m.address as email, m.inbox_mail from users u left join users i on i.id = u.invited_by \
     left join mailboxes m on m.user_id = u.id where u.id = $1"
);
/// One a year at most.
const FORMER_NAMES: &str = "select name, held_at from held_names where user_id = $1 limit $2";
const VOTES: &str = "select item_id, dir, created_at from votes where user_id = $1 and not own order by \
    created_at desc, item_id limit $2";
const FLAGS: &str = "select item_id, reason, note, created_at from flags where user_id = $1 order by \
    created_at desc limit $2";
/// Of these a member has at most 220.
const FOLLOWS: &str = concat!(
    "select kind, cast(target as text) as value, created_at from follows where user_id = $1 union all ",
    "select 'search', query, created_at from followed_searches where user_id = $1 limit $2"
);
const MUTES: &str = "select kind, value, created_at from mutes where user_id = $1 limit $2";
const INBOX: &str = "select kind, item_id, created_at, read_at from inbox where user_id = $1 order by \
    created_at desc, id desc limit $2";
const NOTICES: &str = "select t.id, t.user_id, t.created_at, t.action, t.item_id, t.actor_id, t.reason, \
    t.detail, t.until, t.posts from inbox n join notifications t on t.id = n.notification_id where n.user_id \
    = $1 order by n.created_at desc, n.id desc limit $2";
const SESSIONS: &str = "select created_at, last_used_at, expires_at, agent from sessions where user_id = $1 \
    order by last_used_at desc limit $2";
/// Ten at most.
const PASSKEYS: &str =
    "select name, created_at, last_used_at from passkeys where user_id = $1 order by id limit $2";
const INVITATIONS: &str = concat!(
    "select i.created_at, i.expires_at, ",
    shown_name!("u"),
    " as used_by, i.revoked_at from invitations i left join users u on u.id = i.used_by where i.inviter_id = \
     $1 order by i.id desc limit $2"
);
const MESSAGES: &str = "select c.kind as conversation, c.receipt as number, m.by_moderator, m.kind, m.text, \
    m.created_at from conversations c join messages m on m.conversation_id = c.id where c.user_id = $1 order \
    by c.opened_at desc, c.id desc, m.id limit $2";

impl Store {
    pub async fn own_data(&self, user: UserId) -> Result<OwnData> {
        let mut posts: Vec<OwnPost> =
            self.own_rows(user, select_posts!("i.kind in ('story', 'job', 'poll')")).await?;
        posts.extend(self.own_rows::<OwnPost>(user, select_posts!("i.kind = 'comment'")).await?);
        let mut revisions: Vec<OwnRevision> =
            self.own_rows(user, select_revisions!("i.kind in ('story', 'job', 'poll')")).await?;
        revisions.extend(self.own_rows::<OwnRevision>(user, select_revisions!("i.kind = 'comment'")).await?);
        let notice = |told: Notification| {
            let sentence = told.sentence(Kind::Story)?;
            Some(OwnNotice { created_at: told.created_at, item_id: told.item_id.map(|id| id.0), sentence })
        };
        Ok(OwnData {
            profile: self.read.sql(PROFILE).bind(user).fetch_one().await?,
            former_names: self.own_rows(user, FORMER_NAMES).await?,
            posts,
            revisions,
            votes: self.own_rows(user, VOTES).await?,
            saved: self.own_rows(user, select_marked!("saved")).await?,
            hidden: self.own_rows(user, select_marked!("hidden")).await?,
            vouches: self.own_rows(user, select_marked!("vouches")).await?,
            flags: self.own_rows(user, FLAGS).await?,
            follows: self.own_rows(user, FOLLOWS).await?,
            mutes: self.own_rows(user, MUTES).await?,
            inbox: self.own_rows(user, INBOX).await?,
            notices: self.own_rows(user, NOTICES).await?.into_iter().filter_map(notice).collect(),
            sessions: self.own_rows(user, SESSIONS).await?,
            passkeys: self.own_rows(user, PASSKEYS).await?,
            invitations: self.own_rows(user, INVITATIONS).await?,
            messages: self.own_rows(user, MESSAGES).await?,
        })
    }

    async fn own_rows<T: Fetchable>(&self, user: UserId, query: &'static str) -> Result<Vec<T>> {
        self.read.sql(query).bind(user).bind(MAX_ROWS).fetch_all().await
    }
}
