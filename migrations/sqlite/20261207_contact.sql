-- What members and people without an account write to the moderators, and what is answered.
create table conversations (
    -- autoincrement: an id is never reused, as pages that are open name it.
    id         integer primary key autoincrement,
    -- contact, appeal or report: see domain/conversations.
    kind       text not null,
    -- The number by which both sides name it.
    receipt    text not null,
    -- Null: somebody without an account, with the name and the e-mail address that they gave.
    user_id    integer references users (id),
    name       text not null default '',
    email      text not null default '',
    -- What a report is about, and of what kind it says that it is.
    item_id    integer references items (id),
    ground     text,
    -- waiting (for a moderator), answered or resolved.
    status     text not null,
    claimed_by integer references users (id),
    opened_at  integer not null,
    last_at    integer not null
);
create unique index conversations_by_receipt on conversations (receipt);
create index conversations_of_user on conversations (user_id, opened_at) where user_id is not null;
create index conversations_of_outsiders on conversations (status, kind) where user_id is null;
create index conversations_claimed on conversations (claimed_by) where claimed_by is not null;
create index conversations_by_status on conversations (status, last_at, id);
create index conversations_of_item on conversations (item_id, opened_at) where item_id is not null;
create index conversations_reports on conversations (opened_at) where kind = 'report';

create table messages (
    id              integer primary key,
    conversation_id integer not null references conversations (id),
    -- Null: somebody without an account.
    author_id       integer references users (id),
    by_moderator    boolean not null,
    -- message, objection, or what was decided on a report: removed, kept or other.
    kind            text not null,
    text            text not null,
    created_at      integer not null
);
create index messages_of_conversation on messages (conversation_id, id);

-- The secret addresses by which people without an account come back to their conversation.
create table receipts (
    id              integer primary key,
    token_hash      blob not null,
    conversation_id integer not null references conversations (id)
);
create unique index receipts_by_token on receipts (token_hash);
create index receipts_of_conversation on receipts (conversation_id);

-- Mail also goes to people without an account.
create table mails_with_outsiders (
    id              integer primary key autoincrement,
    user_id         integer references users (id),
    recipient       text not null,
    kind            text not null,
    content         text not null,
    bulk            boolean not null,
    created_at      integer not null,
    attempts        integer not null default 0,
    next_attempt_at integer,
    holder          text not null default '',
    lease_until     integer not null default 0,
    last_error      text not null default '',
    sent_at         integer,
    failed_at       integer
);
insert into mails_with_outsiders select * from mails;
-- Ids are never used again, as before.
delete from sqlite_sequence where name = 'mails_with_outsiders';
insert into sqlite_sequence (name, seq) select 'mails_with_outsiders', seq from sqlite_sequence where name = 'mails';
drop table mails;
alter table mails_with_outsiders rename to mails;
create index mails_due on mails (bulk, next_attempt_at) where next_attempt_at is not null;
create index mails_waiting on mails (created_at) where next_attempt_at is not null;
create index mails_refused on mails (id) where last_error <> '' and sent_at is null;
create index mails_of_user on mails (user_id, kind, created_at);
create index mails_of_recipient on mails (lower(recipient), kind, created_at);
create index mails_sent on mails (sent_at) where sent_at is not null;
create index mails_failed on mails (failed_at) where failed_at is not null;
