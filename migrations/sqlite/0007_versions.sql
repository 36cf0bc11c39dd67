-- How often a post, and what somebody says about themselves, was edited: an edit says which of these it began from, so that of two the
-- second does not overwrite the first unseen.
alter table items add column version integer not null default 0;
alter table users add column about_version integer not null default 0;
