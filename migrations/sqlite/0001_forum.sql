-- The forum: people, items, votes, and what a member keeps. Times are Unix seconds.
-- Indices are named for the page they serve. Visible to a visitor means: dead is null and deleted_at is null.

create table users (
    id              integer primary key,
    name            text not null,
    -- A PHC string of Argon2id; null: nobody can log in (an imported name not yet claimed).
    password        text,
    role            text not null default 'member',
    about           text not null default '',
    -- karma = karma_base + what the counted votes of others brought.
    karma           integer not null,
    karma_base      integer not null,
    created         integer not null,
    -- Where the account was made by an import: 'hn'; null for an account made here.
    source          text,
    claimed_at      integer,
    banned_at       integer,
    ban_reason      text,
    shadowed_at     integer,
    show_dead       boolean not null default false,
    theme           text not null default 'system',
    comment_order   text not null default 'best',
    replies_read_at integer not null
);
create unique index users_by_name on users (lower(name));
create index users_leaders on users (karma desc, id);
create index users_admins on users (id) where role = 'admin';

create table items (
    -- autoincrement: an id is never given twice, and comes after every id that an import brought.
    id             integer primary key autoincrement,
    kind           text not null,
    author_id      integer references users (id),
    -- time never changes; rank_time moves with a second chance.
    time           integer not null,
    rank_time      integer not null,
    visible_at     integer not null,
    edited_at      integer,
    parent_id      integer references items (id),
    -- A story's own id; deferred, for a story learns its id when it is there.
    root_id        integer not null references items (id) deferrable initially deferred,
    depth          integer not null,
    -- The author of the parent, where it is somebody else.
    reply_to       integer references users (id),
    -- The order among siblings that came with an import.
    place          integer,
    title          text,
    url            text,
    -- What url.rs made of the address, and the version of its rules.
    url_key        text,
    site           text,
    domain         text,
    rule_version   integer,
    section        text,
    -- Markdown source.
    text           text not null default '',
    -- score = base_points + the counted votes; unclamped.
    base_points    integer not null default 0,
    score          integer not null,
    -- The counted votes of others, apart.
    ups            integer not null default 0,
    downs          integer not null default 0,
    -- Comments below that a visitor may see; kept for the heads of threads.
    descendants    integer not null default 0,
    deleted_at     integer,
    dead           text,
    locked         boolean not null default false,
    source         text,
    source_id      integer
);
create unique index items_by_source on items (source, source_id) where source is not null;
create index items_thread on items (root_id, visible_at);
create index items_children on items (parent_id);
-- Where two indices serve a query alike, SQLite takes the one made later: the narrower of two stands after the wider. And it reads the
-- row itself unless the index holds every column that the query names, those of the index's own condition too.
create index items_new_all on items (time desc, id desc) where kind in ('story', 'job', 'poll');
create index items_new on items (time desc, id desc)
    where dead is null and deleted_at is null and kind in ('story', 'job', 'poll');
create index items_ranked on items (rank_time desc, id desc)
    where dead is null and deleted_at is null and kind in ('story', 'job', 'poll');
create index items_best on items (score desc, id desc)
    where dead is null and deleted_at is null and kind in ('story', 'job', 'poll');
create index items_best_since on items (time, score, kind, dead, deleted_at)
    where dead is null and deleted_at is null and kind in ('story', 'job', 'poll');
create index items_section on items (section, rank_time desc, id desc)
    where dead is null and deleted_at is null and section is not null;
create index items_comments_all on items (time desc, id desc) where kind = 'comment';
create index items_comments on items (time desc, id desc)
    where dead is null and deleted_at is null and kind = 'comment';
create index items_comments_active on items (time desc, root_id, kind, dead, deleted_at)
    where dead is null and deleted_at is null and kind = 'comment';
create index items_best_comments on items (time, score, kind, dead, deleted_at)
    where dead is null and deleted_at is null and kind = 'comment';
create index items_site on items (site, time desc, id desc)
    where dead is null and deleted_at is null and site is not null;
create index items_domain on items (domain, time desc, id desc)
    where dead is null and deleted_at is null and domain is not null;
create index items_same_url on items (url_key, time desc) where url_key is not null;
create index items_submitted on items (author_id, time desc, id desc) where kind in ('story', 'job', 'poll');
create index items_commented on items (author_id, time desc, id desc) where kind = 'comment';
create index items_replies on items (reply_to, time desc, id desc) where reply_to is not null;

create table votes (
    user_id  integer not null references users (id),
    item_id  integer not null references items (id),
    -- 1 or -1.
    dir      integer not null,
    counted  boolean not null,
    -- The author's own first point.
    own      boolean not null default false,
    at       integer not null,
    primary key (user_id, item_id)
);
create index votes_of_item on votes (item_id);
create index votes_cast on votes (user_id, at desc, item_id) where not own;

create table sessions (
    -- SHA-256 of the cookie's token.
    token_hash  blob primary key,
    user_id     integer not null references users (id),
    created     integer not null,
    seen        integer not null,
    expires     integer not null,
    agent       text not null default ''
);
create index sessions_of_user on sessions (user_id, seen desc);
create index sessions_expired on sessions (expires);

-- Browsers that have logged in before, so that a wave of wrong passwords never locks their owner out.
create table devices (
    token_hash  blob primary key,
    user_id     integer not null references users (id),
    seen        integer not null
);
create index devices_of_user on devices (user_id);
create index devices_seen on devices (seen);

create table saved (
    user_id  integer not null references users (id),
    item_id  integer not null references items (id),
    at       integer not null,
    primary key (user_id, item_id)
);
create index saved_of_user on saved (user_id, at desc, item_id);

create table hidden (
    user_id  integer not null references users (id),
    item_id  integer not null references items (id),
    at       integer not null,
    primary key (user_id, item_id)
);
create index hidden_of_user on hidden (user_id, at desc, item_id);

-- A visit of a thread: comments after `since` are new in it; it closes when `last` is 30 minutes past.
create table visits (
    user_id  integer not null references users (id),
    root_id  integer not null references items (id),
    since    integer not null,
    last     integer not null,
    primary key (user_id, root_id)
);

-- What an item was before an edit or a deletion; moderators see it for 90 days.
create table revisions (
    id         integer primary key,
    item_id    integer not null references items (id),
    editor_id  integer not null references users (id),
    at         integer not null,
    title      text,
    url        text,
    text       text not null
);
create index revisions_of_item on revisions (item_id, at desc);
create index revisions_at on revisions (at);

-- Every act of moderation: who, what, on whom or what, why, when. No actor: the operator at the command line.
create table moderation (
    id       integer primary key,
    at       integer not null,
    actor_id integer references users (id),
    act      text not null,
    item_id  integer references items (id),
    user_id  integer references users (id),
    reason   text not null default ''
);
create index moderation_at on moderation (at desc, id desc);
create index moderation_of_item on moderation (item_id);
