-- What members are told in their inbox: at most one row for a post, whatever its reasons. Whether the post may be
-- seen is asked when it is read, so that a row outlives what a moderator does and undoes.
create table inbox (
    -- autoincrement: an id is never reused, as what was seen is marked by it.
    id              integer primary key autoincrement,
    user_id         integer not null references users (id),
    -- reply, mention, thread, person or notice: see domain/inbox.rs.
    kind            text not null,
    -- The post; null for a notice.
    item_id         integer references items (id),
    -- Null for a post.
    notification_id integer references notifications (id),
    created_at      integer not null,
    -- Null: unread.
    read_at         integer
);
create unique index inbox_of_item on inbox (user_id, item_id);
create index inbox_newest on inbox (user_id, created_at desc, id desc);
create index inbox_unread on inbox (user_id, created_at desc, id desc) where read_at is null;

-- What members are told of though nobody answers or mentions them.
create table follows (
    user_id    integer not null references users (id),
    -- thread or person
    kind       text not null,
    -- The id of the thread's root or of the person.
    target     integer not null,
    created_at integer not null,
    primary key (user_id, kind, target)
);
create index follows_of_target on follows (kind, target, user_id);

-- What the inbox showed before, of the last year, which is how long it is kept.
insert into inbox (user_id, kind, item_id, created_at, read_at)
select i.reply_to, 'reply', i.id, i.time, case when i.time <= u.replies_read_at then u.replies_read_at end
from items i join users u on u.id = i.reply_to where u.password is not null
    and i.time >= (select coalesce(max(time), 0) - 31536000 from items) order by i.time, i.id;
insert into inbox (user_id, kind, notification_id, created_at, read_at)
select n.user_id, 'notice', n.id, n.created_at, case when n.created_at <= u.replies_read_at then u.replies_read_at end
from notifications n join users u on u.id = n.user_id
where n.created_at >= (select coalesce(max(created_at), 0) - 31536000 from notifications) order by n.created_at, n.id;

drop index items_replies;
alter table items drop column reply_to;
alter table users drop column replies_read_at;
