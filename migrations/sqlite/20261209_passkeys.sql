-- Passkeys (WebAuthn), each of which opens its account alone.
create table passkeys (
    id            integer primary key,
    user_id       integer not null references users (id),
    -- What authenticators know the account by: 16 random bytes, the same for all passkeys of an account.
    user_handle   blob not null,
    -- The authenticator's own name of the key.
    credential_id blob not null,
    -- The public key with its counter and its flags, as JSON.
    credential    text not null,
    name          text not null,
    created_at    integer not null,
    -- Null: never.
    last_used_at  integer
);
create unique index passkeys_by_credential on passkeys (credential_id);
create index passkeys_of_user on passkeys (user_id);

-- What authenticators were asked to sign, until it is answered, once, or expires.
create table passkey_challenges (
    -- SHA-256 of the token in the form.
    token_hash blob primary key,
    -- Null: of a log-in, and it is not known whose.
    user_id    integer references users (id),
    -- What the answer is checked against, as JSON.
    challenge  text not null,
    expires_at integer not null
);
create index passkey_challenges_of_user on passkey_challenges (user_id);
create index passkey_challenges_expiring on passkey_challenges (expires_at);

-- Whether the account's password logs nobody in, by its owner's choice.
alter table users add column passkeys_only boolean not null default false;
