-- Searches of whose new results members are told.
create table followed_searches (
    user_id    integer not null references users (id),
    -- As it was typed, without needless blanks.
    query      text not null,
    created_at integer not null,
    primary key (user_id, query)
);
create index followed_searches_of_query on followed_searches (query, user_id);
