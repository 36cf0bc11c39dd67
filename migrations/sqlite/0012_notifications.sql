-- What moderation tells a member, as what happened: the sentence is made when it is read. It stands among their
-- replies and counts as unread like one.
drop table notices;
create table notifications (
    id         integer primary key,
    user_id    integer not null references users (id),
    created_at integer not null,
    -- As the log names it.
    action     text not null,
    item_id    integer references items (id),
    -- Null: the operator, members together or a rule.
    actor_id   integer references users (id),
    reason     text not null default '',
    -- What changed, or what a moderator wrote beside.
    detail     text not null default '',
    -- When what was done ends by itself.
    until      integer,
    -- How many of the member's posts it took along.
    posts      integer not null default 0
);
create index notifications_of_user on notifications (user_id, created_at desc, id desc);
