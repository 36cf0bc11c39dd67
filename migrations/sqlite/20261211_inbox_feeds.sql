-- The secret addresses under which members read their inboxes in a feed reader, at most one for each.
create table inbox_feeds (
    user_id    integer primary key references users (id),
    -- SHA-256 of the token in the address.
    token_hash blob not null,
    created_at integer not null
);
create unique index inbox_feeds_by_token on inbox_feeds (token_hash);
