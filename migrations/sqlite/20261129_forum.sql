-- Times are Unix seconds. Indices are named for the page or question they serve. "Visible" means visible to
-- visitors: dead is null and deleted_at is null. A keyed hash of an IP address is forgotten after 30 days.

create table users (
    id               integer primary key,
    name             text not null,
    -- A PHC string of Argon2id; null: nobody can log in, as the name is imported and not yet claimed.
    password         text,
    role             text not null default 'member',
    about            text not null default '',
    -- Edits of `about`; an edit names the version it is based on, so that none is overwritten unseen.
    about_version    integer not null default 0,
    -- karma = karma_base + the counted votes of others, except on options of polls.
    karma            integer not null,
    karma_base       integer not null,
    created_at       integer not null,
    -- Where an import found the user: 'hn'. Null for an account made here.
    source           text,
    claimed_at       integer,
    banned_at        integer,
    -- Null: the ban is permanent.
    banned_until     integer,
    ban_reason       text,
    shadow_banned_at integer,
    -- The year 9999: until a moderator lifts the limit.
    limited_until    integer,
    -- What moderators decided about the user's flags: see domain/votes/flag.rs.
    flags_upheld     integer not null default 0,
    flags_rejected   integer not null default 0,
    invited_by       integer references users (id),
    -- Number of users who were invited by this one.
    invited          integer not null default 0,
    show_dead        boolean not null default false,
    theme            text not null default 'system',
    comment_order    text not null default 'best',
    replies_read_at  integer not null
);
create unique index users_by_name on users (lower(name));
create index users_leaders on users (karma desc, id);
create index users_admins on users (id) where role = 'admin';
create index users_team on users (role, id) where role in ('moderator', 'admin');
create index users_of_inviter on users (invited_by, created_at) where invited_by is not null;
create index users_newest on users (created_at desc, id desc) where source is null;
create index users_roots on users (created_at, id) where invited_by is null and invited > 0;

create table items (
    -- autoincrement: an id is never reused, and comes after every imported id.
    id             integer primary key autoincrement,
    -- story, job, poll, pollopt or comment
    kind           text not null,
    author_id      integer references users (id),
    -- time never changes; rank_time moves with a second chance.
    time           integer not null,
    rank_time      integer not null,
    visible_at     integer not null,
    edited_at      integer,
    -- Number of edits; an edit names the version it is based on, so that none is overwritten unseen.
    version        integer not null default 0,
    parent_id      integer references items (id),
    -- A story's own id; deferred, as the id is known only after the insert.
    root_id        integer not null references items (id) deferrable initially deferred,
    depth          integer not null,
    -- The parent's author, if another.
    reply_to       integer references users (id),
    -- The rank among its siblings that the import gave.
    import_rank    integer,
    title          text,
    url            text,
    -- Made from the URL by domain/url, by rules of rule_version.
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
    -- The counted votes of others.
    ups            integer not null default 0,
    downs          integer not null default 0,
    -- Visible comments below; maintained for roots only.
    descendants    integer not null default 0,
    deleted_at     integer,
    -- killed, flagged, shadow or merged: see domain/items/item.rs.
    dead           text,
    locked         boolean not null default false,
    -- Sum of the active flags' weights, in hundredths.
    flags          integer not null default 0,
    vouches        integer not null default 0,
    -- Decided by a moderator: flags no longer kill it, and vouches no longer restore it.
    cleared        boolean not null default false,
    -- When it entered the moderators' queue; null: it is not in it.
    queued_at      integer,
    -- Why a rule or the check of edits put it there; null: flags did.
    queue_reason   text,
    -- The story that this duplicate was merged into.
    merged_into    integer references items (id),
    -- The parent before a moderator moved the comment: the merged story, or the comment it replied to.
    detached_from  integer references items (id),
    -- A moderators' notice above the thread, as Markdown source.
    pinned         text,
    -- Its site is restricted, so it ranks lower.
    penalised      boolean not null default false,
    source         text,
    source_id      integer
);
create unique index items_by_source on items (source, source_id) where source is not null;
create index items_thread on items (root_id, visible_at);
create index items_children on items (parent_id);
-- Of two indices that serve a query alike, SQLite takes the one made later, so the narrower one comes second.
-- An index is covering only if it has every column that the query names, even those of its own condition.
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
create index items_best_comments_since on items (time, score, kind, dead, deleted_at)
    where dead is null and deleted_at is null and kind = 'comment';
create index items_site on items (site, time desc, id desc)
    where dead is null and deleted_at is null and site is not null;
create index items_domain on items (domain, time desc, id desc)
    where dead is null and deleted_at is null and domain is not null;
create index items_same_url on items (url_key, time desc) where url_key is not null;
create index items_submitted on items (author_id, time desc, id desc) where kind in ('story', 'job', 'poll');
create index items_commented on items (author_id, time desc, id desc) where kind = 'comment';
create index items_replies on items (reply_to, time desc, id desc) where reply_to is not null;
create index items_queued on items (queued_at desc, id desc) where queued_at is not null;
create index items_merged on items (merged_into) where merged_into is not null;
-- A shadow-ban's dead items, which lifting it may restore.
create index items_shadowed on items (author_id, root_id, kind, deleted_at) where dead = 'shadow';
create index items_submitted_live on items (author_id, time desc, id desc)
    where dead is null and deleted_at is null and kind in ('story', 'job', 'poll');
create index items_commented_live on items (author_id, time desc, id desc)
    where dead is null and deleted_at is null and kind = 'comment';

create table votes (
    user_id          integer not null references users (id),
    item_id          integer not null references items (id),
    -- 1 or -1.
    dir              integer not null,
    counted          boolean not null,
    -- Null if it counts: see domain/votes/uncounted.rs.
    uncounted_reason text,
    -- The author's own first point.
    own              boolean not null default false,
    -- When the vote or its last change was cast.
    created_at       integer not null,
    -- Keyed hash of the voter's IP address; null if it identifies nobody, is not known or has been forgotten.
    ip_hash          blob,
    primary key (user_id, item_id)
);
create index votes_cast on votes (user_id, created_at desc, item_id) where not own;
create index votes_by_ip_hash on votes (item_id, ip_hash) where ip_hash is not null;
create index votes_uncounted on votes (created_at desc, user_id desc, item_id desc)
    where uncounted_reason is not null;
create index votes_expiring on votes (created_at) where ip_hash is not null;

-- Flags; the weight, in hundredths, is fixed when the flag is cast.
create table flags (
    user_id    integer not null references users (id),
    item_id    integer not null references items (id),
    reason     text not null,
    note       text not null default '',
    weight     integer not null,
    created_at integer not null,
    -- upheld or rejected by a moderator; null: not reviewed.
    outcome    text,
    primary key (user_id, item_id)
);
create index flags_of_item on flags (item_id);
create index flags_cast on flags (user_id, created_at desc, item_id);

create table vouches (
    user_id    integer not null references users (id),
    item_id    integer not null references items (id),
    created_at integer not null,
    primary key (user_id, item_id)
);
create index vouches_of_item on vouches (item_id);
create index vouches_cast on vouches (user_id, created_at desc, item_id);

create table saved (
    user_id    integer not null references users (id),
    item_id    integer not null references items (id),
    created_at integer not null,
    primary key (user_id, item_id)
);
create index saved_of_user on saved (user_id, created_at desc, item_id);

create table hidden (
    user_id    integer not null references users (id),
    item_id    integer not null references items (id),
    created_at integer not null,
    primary key (user_id, item_id)
);
create index hidden_of_user on hidden (user_id, created_at desc, item_id);

-- Visits of threads: comments after unread_since are marked new. A visit ends 30 minutes after last_seen_at.
create table visits (
    user_id      integer not null references users (id),
    root_id      integer not null references items (id),
    unread_since integer not null,
    last_seen_at integer not null,
    primary key (user_id, root_id)
);

-- Items before an edit or a deletion; moderators see them for 90 days.
create table revisions (
    id         integer primary key,
    item_id    integer not null references items (id),
    editor_id  integer not null references users (id),
    created_at integer not null,
    title      text,
    url        text,
    text       text not null
);
create index revisions_of_item on revisions (item_id, created_at desc);
create index revisions_expiring on revisions (created_at);

create table sessions (
    -- SHA-256 of the cookie's token.
    token_hash   blob primary key,
    user_id      integer not null references users (id),
    created_at   integer not null,
    last_used_at integer not null,
    expires_at   integer not null,
    agent        text not null default ''
);
create index sessions_of_user on sessions (user_id, last_used_at desc);
create index sessions_expiring on sessions (expires_at);

-- Browsers that have logged in before, so that a wave of wrong passwords does not lock out their owners.
create table browsers (
    token_hash   blob primary key,
    user_id      integer not null references users (id),
    last_used_at integer not null
);
create index browsers_of_user on browsers (user_id);
create index browsers_expiring on browsers (last_used_at);

create table invitations (
    id         integer primary key,
    token_hash blob not null,
    inviter_id integer not null references users (id),
    created_at integer not null,
    expires_at integer not null,
    used_by    integer references users (id),
    revoked_at integer
);
create unique index invitations_by_token on invitations (token_hash);
create index invitations_of_inviter on invitations (inviter_id, id desc);
create index invitations_open on invitations (inviter_id, expires_at)
    where used_by is null and revoked_at is null;
create index invitations_expiring on invitations (expires_at) where used_by is null;

-- Requests for an account; the name is reserved while one is pending.
create table signup_requests (
    id            integer primary key,
    name          text not null,
    password      text not null,
    text          text not null,
    created_at    integer not null,
    -- The invitation used; reserved while the request is pending.
    invitation_id integer references invitations (id),
    -- approved or declined; null: pending.
    decision      text,
    message       text not null default '',
    decided_at    integer,
    actor_id      integer references users (id)
);
create unique index signup_requests_by_name on signup_requests (lower(name)) where decision is null;
create index signup_requests_pending on signup_requests (created_at) where decision is null;
create index signup_requests_of_name on signup_requests (lower(name), id desc);
create index signup_requests_of_invitation on signup_requests (invitation_id) where invitation_id is not null;
create index signup_requests_decided on signup_requests (decided_at) where decision is not null;

-- Where posts and accounts came from: keyed hashes of the address, its subnet and its network.
create table ip_hashes (
    id         integer primary key,
    created_at integer not null,
    user_id    integer not null references users (id),
    item_id    integer references items (id),
    address    blob not null,
    subnet     blob not null,
    network    blob not null
);
create index ip_hashes_expiring on ip_hashes (created_at);
create index ip_hashes_by_address on ip_hashes (address, created_at desc);
create index ip_hashes_by_subnet on ip_hashes (subnet, created_at desc);
create index ip_hashes_by_network on ip_hashes (network, created_at desc);
create index ip_hashes_of_user on ip_hashes (user_id, created_at desc);

create table moderation_log (
    id         integer primary key,
    -- Names the entry in URLs, as ids would reveal the number of private entries.
    token      text not null,
    created_at integer not null,
    -- Null: the operator, a rule of the operator, or members together.
    actor_id   integer references users (id),
    action     text not null,
    item_id    integer references items (id),
    user_id    integer references users (id),
    reason     text not null default '',
    -- What changed, such as a new title or an end date.
    detail     text not null default '',
    -- Seen by moderators only.
    private    boolean not null default false
);
create unique index moderation_log_by_token on moderation_log (token);
create index moderation_log_newest on moderation_log (created_at desc, id desc);
create index moderation_log_public on moderation_log (created_at desc, id desc) where not private;
create index moderation_log_by_action on moderation_log (action, created_at desc, id desc);
create index moderation_log_by_actor on moderation_log (actor_id, created_at desc, id desc);
create index moderation_log_by_actor_and_action
    on moderation_log (actor_id, action, created_at desc, id desc);
create index moderation_log_of_item on moderation_log (item_id, created_at desc, id desc);
create index moderation_log_of_user on moderation_log (user_id, created_at desc, id desc);

-- What moderation tells a member, worded when it is read; listed and counted with their replies.
create table notifications (
    id         integer primary key,
    user_id    integer not null references users (id),
    created_at integer not null,
    -- As in moderation_log.
    action     text not null,
    item_id    integer references items (id),
    actor_id   integer references users (id),
    reason     text not null default '',
    -- What changed, or what a moderator added.
    detail     text not null default '',
    -- When the action ends by itself.
    until      integer,
    -- Number of the member's posts affected.
    posts      integer not null default 0
);
create index notifications_of_user on notifications (user_id, created_at desc, id desc);

-- Moderators' notes on a user, for each other.
create table notes (
    id         integer primary key,
    user_id    integer not null references users (id),
    author_id  integer not null references users (id),
    created_at integer not null,
    text       text not null,
    -- The other account, if the note says that both belong to one person.
    other_id   integer references users (id)
);
create index notes_of_user on notes (user_id, created_at desc, id desc);
create index notes_of_other on notes (other_id, created_at desc, id desc) where other_id is not null;

-- Sites that moderators restricted: a site as shown beside stories, or a domain with such sites below it.
create table sites (
    name        text primary key,
    -- penalised or banned
    restriction text not null,
    reason      text not null,
    created_at  integer not null,
    actor_id    integer references users (id)
);

-- Patterns that posts and sign-ups are checked against.
create table rules (
    id         integer primary key,
    -- word, link or range (of IP addresses)
    kind       text not null,
    pattern    text not null,
    -- queue, kill or refuse
    effect     text not null,
    reason     text not null,
    created_at integer not null,
    actor_id   integer references users (id)
);
create unique index rules_by_pattern on rules (kind, pattern);

-- The community's settings last in effect, so that the log can say what has changed, and the contact details
-- that the first admin entered.
create table settings (
    name  text primary key,
    value text not null
);

-- What identifies this forum whatever its address becomes, such as the id of its feeds.
create table instance (
    name  text primary key,
    value text not null
);

-- A row is inserted and deleted again to find out whether the database can be written to.
create table checks (
    id integer primary key
);
