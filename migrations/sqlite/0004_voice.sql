-- The few who moderate, for the page that lists them.
create index users_team on users (role, id) where role in ('moderator', 'admin');
