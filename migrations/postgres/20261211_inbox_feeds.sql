-- The table of migrations/sqlite, whose comments explain it.
create table inbox_feeds (
    user_id    bigint primary key references users (id),
    token_hash bytea not null,
    created_at bigint not null
);
create unique index inbox_feeds_by_token on inbox_feeds (token_hash);
