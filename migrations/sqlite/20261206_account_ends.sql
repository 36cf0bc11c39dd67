-- Names that nobody can take: those that members had before they chose another, and those of deleted accounts.
create table held_names (
    id      integer primary key,
    name    text not null,
    -- Whose name it was, and who alone can take it again.
    user_id integer not null references users (id),
    held_at integer not null
);
create unique index held_names_by_name on held_names (lower(name));
create index held_names_of_user on held_names (user_id);

-- When the member last chose another name.
alter table users add column renamed_at integer;
-- When the owner deleted the account. The row stays under a name that says so, as votes, posts and the log name it.
alter table users add column deleted_at integer;

-- What members asked to have of their own data, as a ZIP archive; the latest for each account.
create table exports (
    id          integer primary key,
    user_id     integer not null references users (id),
    asked_at    integer not null,
    -- Until when a process is making it; 0: none is.
    lease_until integer not null default 0,
    attempts    integer not null default 0,
    -- Null: it is being made.
    finished_at integer,
    -- Null: it is being made, or could not be.
    archive     blob
);
create unique index exports_of_user on exports (user_id);
create index exports_waiting on exports (lease_until) where finished_at is null;
create index exports_expiring on exports (finished_at) where finished_at is not null;

-- Deleting an account deletes its notifications, which rows of the inbox refer to.
create index inbox_of_notification on inbox (notification_id) where notification_id is not null;
