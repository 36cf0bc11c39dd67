-- Secrets of authenticator apps (TOTP, RFC 6238), at most one for each account. They are kept as they are, because a
-- code can be checked in no other way.
create table totp_secrets (
    id           integer primary key,
    user_id      integer not null references users (id),
    secret       blob not null,
    created_at   integer not null,
    -- Null: no code has confirmed it yet, and a log-in does not ask for one.
    confirmed_at integer,
    -- The 30 seconds of the latest code that was accepted; no earlier code is.
    last_step    integer not null default 0,
    -- When it ends, as an admin has decided; null: it does not.
    clears_at    integer
);
create unique index totp_secrets_of_user on totp_secrets (user_id);
create index totp_secrets_unconfirmed on totp_secrets (created_at) where confirmed_at is null;

-- SHA-256 of codes that each serve once, as a second factor or to set a lost password.
create table recovery_codes (
    user_id    integer not null references users (id),
    code_hash  blob not null,
    created_at integer not null,
    primary key (user_id, code_hash)
);

-- Log-ins whose password was right and whose second factor is awaited.
create table pending_logins (
    -- SHA-256 of the token in the form.
    token_hash blob primary key,
    user_id    integer not null references users (id),
    expires_at integer not null,
    -- How many codes were wrong.
    misses     integer not null default 0
);
create index pending_logins_of_user on pending_logins (user_id);
create index pending_logins_expiring on pending_logins (expires_at);

-- Whether pages offer the account recovery codes: from its sign-up until it has some, or wants none.
alter table users add column offers_recovery_codes boolean not null default false;
