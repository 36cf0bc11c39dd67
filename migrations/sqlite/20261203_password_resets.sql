-- Links that an admin makes for somebody who has lost their password; a new one replaces the one before.
create table password_resets (
    id         integer primary key,
    user_id    integer not null references users (id),
    token_hash blob not null,
    expires_at integer not null
);
create unique index password_resets_of_user on password_resets (user_id);
create unique index password_resets_by_token on password_resets (token_hash);
create index password_resets_expiring on password_resets (expires_at);
