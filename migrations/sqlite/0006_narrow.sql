-- What somebody posted, as visitors see it: somebody whose posts are dead by the thousand costs no more than others.
create index items_submitted_live on items (author_id, time desc, id desc)
    where dead is null and deleted_at is null and kind in ('story', 'job', 'poll');
create index items_commented_live on items (author_id, time desc, id desc)
    where dead is null and deleted_at is null and kind = 'comment';
-- The acts of one kind of one moderator.
create index moderation_by_actor_and_act on moderation (actor_id, act, at desc, id desc);
