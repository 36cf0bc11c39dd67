-- The table of migrations/sqlite, whose comments explain it.
create table followed_searches (
    user_id    bigint not null references users (id),
    query      text collate "C" not null,
    created_at bigint not null,
    primary key (user_id, query)
);
create index followed_searches_of_query on followed_searches (query, user_id);
