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
