-- What a member does not want to see. `value` is the id of a person or of a thread's root, the name of a site, or
-- folded words with single spaces.
create table mutes (
    user_id    integer not null references users (id),
    kind       text not null,
    value      text not null,
    created_at integer not null,
    primary key (user_id, kind, value)
);
