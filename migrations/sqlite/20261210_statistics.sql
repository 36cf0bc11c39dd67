-- What a job counted for each month, so that the page of statistics counts nothing: see
-- store/statistics.rs.
create table monthly_statistics (
    -- The month's first second, UTC.
    month    integer primary key,
    -- New accounts.
    joined   integer not null,
    -- How many of them posted or voted in their second month; null: it is not over for all of them.
    stayed   integer,
    -- Members who were logged in and came; counted while the month lasts.
    visited  integer not null,
    -- Visible stories and comments, and how many people wrote them.
    stories  integer not null,
    comments integer not null,
    authors  integer not null,
    -- Votes on posts of others.
    votes    integer not null,
    -- Flags and reports that a moderator decided on, and the median of the seconds until then. What is
    -- counted when reports have been deleted does not replace it.
    decided  integer not null,
    took     integer
);
