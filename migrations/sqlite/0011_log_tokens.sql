-- What a row of the log is called in addresses: the numbers of rows would tell of the acts that moderators alone read of.
alter table moderation add column token text;
update moderation set token = lower(hex(randomblob(16)));
create unique index moderation_by_token on moderation (token);
