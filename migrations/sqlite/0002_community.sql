-- How a community governs itself: flags and vouches, a desk for moderators, rules, and ways in.
-- A hash of an address is keyed with a secret of the site and forgotten after 30 days.

-- A flag as its member set it; `weight` in hundredths, fixed when it was cast. `outcome`: what a moderator made of it.
create table flags (
    user_id  integer not null references users (id),
    item_id  integer not null references items (id),
    -- spam, off-topic, rude, duplicate, broken link, other
    reason   text not null,
    note     text not null default '',
    weight   integer not null,
    at       integer not null,
    -- upheld or rejected; null: nobody has looked.
    outcome  text,
    primary key (user_id, item_id)
);
create index flags_of_item on flags (item_id);
create index flags_cast on flags (user_id, at desc, item_id);

create table vouches (
    user_id  integer not null references users (id),
    item_id  integer not null references items (id),
    at       integer not null,
    primary key (user_id, item_id)
);
create index vouches_of_item on vouches (item_id);
create index vouches_cast on vouches (user_id, at desc, item_id);

-- The weights of an item's standing flags, in hundredths; kept beside the rows that they sum up.
alter table items add column flags integer not null default 0;
alter table items add column vouches integer not null default 0;
-- A moderator has looked: flags no longer kill it.
alter table items add column cleared boolean not null default false;
-- When it came before the moderators' eyes, by a flag or a rule; null: it is not in their queue.
alter table items add column queued_at integer;
-- Why a rule put it there.
alter table items add column queued_for text;
-- The story that a duplicate was merged into: its address leads there.
alter table items add column merged_into integer references items (id);
-- Where a comment stood before a moderator moved it: the story that was merged, or what it answered.
alter table items add column came_from integer references items (id);
-- A moderators' notice above the thread, in Markdown.
alter table items add column pinned text;
-- Its site is penalised: it ranks lower.
alter table items add column penalised boolean not null default false;
create index items_queued on items (queued_at desc, id desc) where queued_at is not null;
create index items_merged on items (merged_into) where merged_into is not null;

-- How much a member's flags weigh: see domain/flag.rs.
alter table users add column flags_upheld integer not null default 0;
alter table users add column flags_rejected integer not null default 0;
-- A ban that ends; null: it does not.
alter table users add column banned_until integer;
-- Slowed down by a moderator, until when.
alter table users add column slowed_until integer;
alter table users add column invited_by integer references users (id);
create index users_invited on users (invited_by, created) where invited_by is not null;
create index users_newest on users (created desc, id desc) where source is null;

-- What moderators write down about a person, for each other.
create table notes (
    id        integer primary key,
    user_id   integer not null references users (id),
    author_id integer not null references users (id),
    at        integer not null,
    text      text not null,
    -- Where the note says that two accounts are one person's.
    other_id  integer references users (id)
);
create index notes_of_user on notes (user_id, at desc, id desc);
create index notes_of_other on notes (other_id, at desc, id desc) where other_id is not null;

-- What moderation tells a member; it stands among their replies and counts as unread like one.
create table notices (
    id       integer primary key,
    user_id  integer not null references users (id),
    at       integer not null,
    -- The act that it tells of, as the log names it.
    act      text not null,
    item_id  integer references items (id),
    text     text not null
);
create index notices_of_user on notices (user_id, at desc, id desc);

-- Sites that moderators penalised or banned, by the name that stories are shown under, or by a domain that has such names below it.
create table sites (
    name     text primary key,
    -- penalised or banned
    stance   text not null,
    reason   text not null,
    at       integer not null,
    actor_id integer references users (id)
);

-- Words, links and address ranges that a post or a sign-up is held against.
create table rules (
    id       integer primary key,
    -- word, link or range
    kind     text not null,
    pattern  text not null,
    -- queue, kill or refuse
    effect   text not null,
    reason   text not null,
    at       integer not null,
    actor_id integer references users (id)
);
create unique index rules_once on rules (kind, pattern);

-- The site's own secrets: the key of the addresses' hashes.
create table secrets (
    name   text primary key,
    value  blob not null
);

-- Where posts, votes and accounts came from, by keyed hashes of the address itself, of its network and of the wider network around that.
create table origins (
    id       integer primary key,
    at       integer not null,
    user_id  integer not null references users (id),
    item_id  integer references items (id),
    near     blob not null,
    middle   blob not null,
    wide     blob not null
);
create index origins_at on origins (at);
create index origins_near on origins (near, at desc);
create index origins_middle on origins (middle, at desc);
create index origins_wide on origins (wide, at desc);
create index origins_of_user on origins (user_id, at desc);
create index origins_of_item on origins (item_id) where item_id is not null;

-- Why a vote is kept and not counted: banned, shadowed, ring, always-down, grudge, same-address. And whence it came, for 30 days.
alter table votes add column uncounted text;
alter table votes add column near blob;
create index votes_uncounted on votes (at desc, user_id, item_id) where uncounted is not null;
create index votes_near on votes (item_id, near) where near is not null;

create table invitations (
    id         integer primary key,
    token_hash blob not null,
    inviter_id integer not null references users (id),
    created    integer not null,
    expires    integer not null,
    used_by    integer references users (id),
    revoked_at integer
);
create unique index invitations_by_token on invitations (token_hash);
create index invitations_of on invitations (inviter_id, id desc);
create index invitations_open on invitations (inviter_id, expires) where used_by is null and revoked_at is null;
create index invitations_unused on invitations (expires) where used_by is null;

-- Somebody asks for an account; the name is theirs while they wait.
create table requests (
    id         integer primary key,
    name       text not null,
    password   text not null,
    text       text not null,
    created    integer not null,
    -- approved or declined; null: it waits.
    decision   text,
    message    text not null default '',
    decided_at integer,
    actor_id   integer references users (id)
);
create unique index requests_by_name on requests (lower(name)) where decision is null;
create index requests_waiting on requests (created) where decision is null;
create index requests_of_name on requests (lower(name), id desc);

-- What changed, in words (a new title, an end date); and acts that would be undone by telling, which moderators alone see.
alter table moderation add column detail text not null default '';
alter table moderation add column private boolean not null default false;
create index moderation_by_act on moderation (act, at desc, id desc);
create index moderation_by_actor on moderation (actor_id, at desc, id desc);
create index moderation_of_user on moderation (user_id, at desc, id desc);
create index moderation_public on moderation (at desc, id desc) where not private;

-- How many people joined by an invitation of theirs; kept beside the rows that it counts.
alter table users add column invited integer not null default 0;
drop index moderation_of_item;
create index moderation_of_item on moderation (item_id, at desc, id desc);

-- What a shadow-ban keeps dead, to bring it back when the ban is lifted.
create index items_shadowed on items (author_id, root_id, kind, deleted_at) where dead = 'shadow';
-- The roots of the tree of who invited whom.
create index users_roots on users (created, id) where invited_by is null and invited > 0;

-- The invitation that somebody asks by, where invited people need approval too; it is theirs while they wait.
alter table requests add column invitation_id integer references invitations (id);
create index requests_of_invitation on requests (invitation_id) where invitation_id is not null;
create index requests_decided on requests (decided_at) where decision is not null;
