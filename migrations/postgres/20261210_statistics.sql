-- The table of migrations/sqlite, whose comments explain it.
create table monthly_statistics (
    month    bigint primary key,
    joined   bigint not null,
    stayed   bigint,
    visited  bigint not null,
    stories  bigint not null,
    comments bigint not null,
    authors  bigint not null,
    votes    bigint not null,
    decided  bigint not null,
    took     bigint
);
