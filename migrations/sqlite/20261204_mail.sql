-- Members' e-mail: where it goes and what they want sent.
create table mailboxes (
    id             integer primary key,
    user_id        integer not null references users (id),
    -- The confirmed address; null: none yet.
    address        text,
    verified_at    integer,
    -- When a server said that nobody has this address; then only confirmations and password links go there.
    refused_at     integer,
    -- The address that is being confirmed, and by whom so far.
    new_address    text,
    new_at         integer,
    new_confirmed  boolean not null default false,
    old_confirmed  boolean not null default false,
    new_refused    boolean not null default false,
    -- at-once, daily or never: see domain/mail/choices.rs.
    inbox_mail     text not null,
    -- When the week's best is next thought of; null: not wanted.
    best_of_due_at integer,
    -- The secret of the links that unsubscribe, in full, as each mail repeats it; it permits nothing else.
    key            text not null
);
create unique index mailboxes_of_user on mailboxes (user_id);
create unique index mailboxes_by_address on mailboxes (lower(address)) where address is not null;
create unique index mailboxes_by_key on mailboxes (key);
create index mailboxes_best_of_due on mailboxes (best_of_due_at) where best_of_due_at is not null;
create index mailboxes_changing on mailboxes (new_at) where new_at is not null;

-- Links in mail that do something once.
create table mail_links (
    id         integer primary key,
    token_hash blob not null,
    user_id    integer not null references users (id),
    -- confirm, change or not-me: see domain/mail/links.rs.
    purpose    text not null,
    -- The address that the mail went to.
    address    text not null,
    expires_at integer not null
);
create unique index mail_links_by_token on mail_links (token_hash);
create index mail_links_of_user on mail_links (user_id);
create index mail_links_expiring on mail_links (expires_at);

-- The queue of mail. What was sent stays without its content for two days, to count how often mail went somewhere.
create table mails (
    -- autoincrement: an id is never reused, as Message-IDs are made of it.
    id              integer primary key autoincrement,
    user_id         integer not null references users (id),
    recipient       text not null,
    kind            text not null,
    -- JSON: see domain/mail/content.rs.
    content         text not null,
    -- Waits until all others are sent.
    bulk            boolean not null,
    created_at      integer not null,
    attempts        integer not null default 0,
    -- Null: sent, or failed.
    next_attempt_at integer,
    -- Which process is sending it, and until when; empty: none.
    holder          text not null default '',
    lease_until     integer not null default 0,
    -- What the server answered to the last attempt.
    last_error      text not null default '',
    sent_at         integer,
    failed_at       integer
);
create index mails_due on mails (bulk, next_attempt_at) where next_attempt_at is not null;
create index mails_waiting on mails (created_at) where next_attempt_at is not null;
create index mails_refused on mails (id) where last_error <> '' and sent_at is null;
create index mails_of_user on mails (user_id, kind, created_at);
create index mails_of_recipient on mails (lower(recipient), kind, created_at);
create index mails_sent on mails (sent_at) where sent_at is not null;
create index mails_failed on mails (failed_at) where failed_at is not null;

-- When a row of the inbox is to be mailed; null: not, or not any more.
alter table inbox add column mail_at integer;
create index inbox_to_mail on inbox (mail_at) where mail_at is not null;
create index inbox_to_mail_of_user on inbox (user_id, mail_at) where mail_at is not null;
