-- The tables of migrations/sqlite, whose comments explain them.

create table mutes (
    user_id    bigint not null references users (id),
    kind       text collate "C" not null,
    value      text collate "C" not null,
    created_at bigint not null,
    primary key (user_id, kind, value)
);
