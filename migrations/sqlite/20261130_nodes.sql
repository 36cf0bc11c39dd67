-- What each write touched, in the order of commits, for other processes on the same database: see
-- store/db/changes.rs. Rows are kept for at least ten minutes.
create table changes (
    -- autoincrement: an id is never reused.
    id   integer primary key autoincrement,
    -- The process that wrote.
    node text not null,
    what text not null
);

-- Secrets that every node needs; on SQLite the key of the address hashes is a file instead.
create table secrets (
    name  text primary key,
    value text not null
);

-- Which process does a job, and when it was last done: see store/db/leases.rs.
create table leases (
    job        text primary key,
    -- Empty if nobody does it.
    holder     text not null,
    expires_at integer not null,
    done_at    integer not null
);

-- Buckets of rate limits that all nodes share, by a keyed hash; not used on SQLite.
create table rate_buckets (
    key        blob primary key,
    -- When the bucket is full, in milliseconds since the Unix epoch.
    full_at_ms integer not null
);
create index rate_buckets_full on rate_buckets (full_at_ms);
