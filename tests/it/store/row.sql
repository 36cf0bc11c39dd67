-- One more row of everything that pages show: the one of number {n}.

insert into users (id, name, role, karma, karma_base, created_at, invited_by, invited)
values (1000 + {n}, 'invited' || {n}, 'member', 600 - {n}, 0, {now} - {n}, {xenia}, 1),
    (2000 + {n}, 'below' || {n}, 'member', 1, 0, {now} - {n}, 1000 + {n}, 0),
    (3000 + {n}, 'root' || {n}, 'member', 50 + {n}, 0, {now} - {n}, null, 1),
    (4000 + {n}, 'leaf' || {n}, 'member', 1, 0, {now} - {n}, 3000 + {n}, 0),
    (5000 + {n}, 'above' || {n}, 'member', 1, 0, {now} - {n}, case {n} when 1 then null else 4999 + {n} end, 1),
    (6000 + {n}, 'staff' || {n}, 'moderator', 1, 0, {now} - {n}, null, 0);
update users set invited_by = 5000 + {n}, invited = invited + 1 where id = {xenia};
insert into items (id, kind, author_id, time, rank_time, visible_at, root_id, depth, title, url, url_key, site, domain, section, text,
    score, dead, queued_at, queue_reason, flags, merged_into)
select K + {n}, 'story', AUTHOR, {now} - {n}, {now} - {n}, {now} - {n}, K + {n}, 0, 'A story', url, url || {n}, case when url is not null then 'example.com' end,
    case when url is not null then 'example.com' end, section, 'Words.', 1, dead, queued_at, case when queued_at is not null then 'a rule' end,
    case when queued_at is not null then 100 else 0 end, merged_into
from (select 10000 as K, 1000 + {n} as AUTHOR, 'https://example.com/' as url, cast(null as text) as section, cast(null as text) as dead, {now} - {n} as queued_at,
    cast(null as bigint) as merged_into
    union all select 11000, 1000 + {n}, null, 'ask', null, null, null
    union all select 12000, 1000 + {n}, null, 'show', null, null, null
    union all select 13000, {xenia}, null, null, null, null, null
    union all select 14000, 1000 + {n}, null, null, 'flagged', {now} - {n}, null
    union all select 15000, 1000 + {n}, null, null, 'merged', null, {story}
    union all select 16000, 1000 + {n}, null, null, null, null, null) as rows;
insert into items (id, kind, author_id, time, rank_time, visible_at, parent_id, root_id, depth, text, score, queued_at)
select K + {n}, 'comment', AUTHOR, {now} - {n}, {now} - {n}, {now} - {n}, PARENT, ROOT, DEPTH, 'Some words.', 1, queued_at
from (select 20000 as K, 1000 + {n} as AUTHOR, {story} as PARENT, {story} as ROOT, 1 as DEPTH,
    cast(null as bigint) as queued_at
    union all select 21000, 3000 + {n}, 20000 + {n}, {story}, 2, null
    union all select 22000, 1000 + {n}, 10000 + {n}, 10000 + {n}, 1, {now} - {n}
    union all select 23000, {xenia}, 10000 + {n}, 10000 + {n}, 1, null
    union all select 24000, 3000 + {n}, 23000 + {n}, 10000 + {n}, 2, null) as rows;
insert into votes (user_id, item_id, dir, counted, created_at, uncounted_reason) select {xenia}, K + {n}, 1, true, {now} - {n}, null
from (select 10000 as K union all select 20000) as rows;
insert into votes (user_id, item_id, dir, counted, created_at, uncounted_reason) values (3000 + {n}, 10000 + {n}, 1, false, {now} - {n}, 'ring'),
    (3000 + {n}, 22000 + {n}, 1, false, {now} - {n}, 'ring'), (3000 + {n}, {story}, 1, false, {now} - {n}, 'grudge');
insert into saved (user_id, item_id, created_at) select {xenia}, K + {n}, {now} - {n} from (select 10000 as K union all select 22000) as rows;
insert into hidden (user_id, item_id, created_at) values ({xenia}, 16000 + {n}, {now});
insert into mutes (user_id, kind, value, created_at) values ({xenia}, 'person', '' || (6000 + {n}), {now} - 1000), ({xenia}, 'word', 'unheard' || {n}, {now} - 1000),
    ({xenia}, 'thread', '' || (16000 + {n}), {now} - 1000), ({xenia}, 'site', 's' || {n} || '.example', {now} - 1000);
insert into flags (user_id, item_id, reason, note, weight, created_at) select {xenia}, K + {n}, 'spam', 'A note.', 100, {now} - {n}
from (select 10000 as K union all select 14000 union all select 22000) as rows;
insert into flags (user_id, item_id, reason, weight, created_at) values (3000 + {n}, 10000 + {n}, 'rude', 100, {now}), (3000 + {n}, {story}, 'rude', 100, {now});
insert into vouches (user_id, item_id, created_at) values ({xenia}, 14000 + {n}, {now});
insert into visits (user_id, root_id, unread_since, last_seen_at) values ({xenia}, 10000 + {n}, 0, {now});
insert into revisions (item_id, editor_id, created_at, title, text) select K, 6000 + {n}, {now} - {n}, 'Before', 'Words before.' from (select {story} as K union all select {comment}) as rows;
insert into moderation_log (token, created_at, actor_id, action, item_id, user_id, reason, private)
select 'token' || {n} || of, {now} - {n}, 6000 + {n}, action, item_id, user_id, 'a reason', private
from (select 'killed' as of, 'kill' as action, 10000 + {n} as item_id, cast(null as bigint) as user_id, false as private
    union all select 'story', 'lock', {story}, null, false
    union all select 'comment', 'lock', {comment}, null, false
    union all select 'warned', 'warn', null, {xenia}, false
    union all select 'noted', 'note', null, 1000 + {n}, true
    union all select 'admin', 'admin', null, 6000 + {n}, false) as rows;
insert into notifications (user_id, created_at, action, item_id, reason) values ({xenia}, {now} - {n}, 'kill', 13000 + {n}, 'spam'),
    ({xenia}, {now} - {n}, 'warn', null, 'a reason');
insert into inbox (user_id, kind, item_id, created_at) select {xenia}, kind, K + {n}, {now} - {n}
from (select 'reply' as kind, 20000 as K union all select 'mention', 22000 union all select 'thread', 24000 union all select 'person', 10000) as rows;
insert into inbox (user_id, kind, notification_id, created_at) select {xenia}, 'notice', id, {now} - {n} from notifications
where user_id = {xenia} and created_at = {now} - {n};
insert into follows (user_id, kind, target, created_at) values ({xenia}, 'thread', 10000 + {n}, {now}), ({xenia}, 'person', 1000 + {n}, {now}),
    (1000 + {n}, 'thread', {story}, {now});
insert into notes (user_id, author_id, created_at, text, other_id)
values ({xenia}, 6000 + {n}, {now}, 'A note.', 1000 + {n}), (1000 + {n}, 6000 + {n}, {now}, 'A note.', {xenia});
insert into sites (name, restriction, reason, created_at, actor_id) values ('s' || {n} || '.example', 'banned', 'spam', {now}, 6000 + {n});
insert into rules (kind, pattern, effect, reason, created_at, actor_id) values ('word', 'unheard' || {n}, 'queue', 'spam', {now}, 6000 + {n});
insert into invitations (id, token_hash, inviter_id, created_at, expires_at, used_by)
values (1000 + {n}, 'first{n}', {xenia}, {now}, {now} + 100000, null),
    (2000 + {n}, 'second{n}', {xenia}, {now}, {now} + 100000, 1000 + {n}),
    (3000 + {n}, 'third{n}', 3000 + {n}, {now}, {now} + 100000, null);
insert into signup_requests (name, password, text, created_at, invitation_id) values ('asks' || {n}, 'hash', 'Let me in.', {now} - {n}, 3000 + {n});
insert into sessions (token_hash, user_id, created_at, last_used_at, expires_at) values ('other{n}', {xenia}, {now}, {now}, {now} + 100000);
insert into ip_hashes (created_at, user_id, item_id, address, subnet, network) values ({now}, 1000 + {n}, 10000 + {n}, 'address', 'subnet', 'network'),
    ({now}, {xenia}, 13000 + {n}, 'address', 'subnet', 'network');
insert into mailboxes (user_id, address, verified_at, new_address, new_at, inbox_mail, best_of_due_at, key)
values (1000 + {n}, 'invited' || {n} || '@example.org', {now}, 'new' || {n} || '@example.org', {now}, 'daily', {now} + {n}, 'key' || {n});
insert into mail_links (token_hash, user_id, purpose, address, expires_at)
values ('mailed{n}', 1000 + {n}, 'not-me', 'invited@example.org', {now} + 100000);
insert into mails (user_id, recipient, kind, content, bulk, created_at, next_attempt_at, last_error, sent_at, failed_at)
select 1000 + {n}, 'invited' || {n} || '@example.org', 'inbox', '{}', bulk, {now} - {n}, next_attempt_at, last_error, sent_at, failed_at
from (select true as bulk, {now} + {n} as next_attempt_at, '' as last_error, cast(null as bigint) as sent_at, cast(null as bigint) as failed_at
    union all select false, {now} + {n}, '451 Later', null, null
    union all select true, null, '', {now} - {n}, null
    union all select true, null, '550 Nobody', null, {now} - {n}) as rows;
insert into recovery_codes (user_id, code_hash, created_at) values ({xenia}, 'code{n}', {now}), (1000 + {n}, 'code{n}', {now});
insert into pending_logins (token_hash, user_id, expires_at) values ('pending{n}', {xenia}, {now} + 100), ('another{n}', 1000 + {n}, {now} + 100);
insert into totp_secrets (user_id, secret, created_at, confirmed_at) values (1000 + {n}, 'secret', {now}, {now});
insert into passkeys (user_id, user_handle, credential_id, credential, name, created_at) values ({xenia}, 'handle', 'key{n}', '{}', 'phone', {now}), (1000 + {n}, 'handle{n}', 'another{n}', '{}', 'phone', {now});
insert into passkey_challenges (token_hash, user_id, challenge, expires_at) values ('challenge{n}', {xenia}, '{}', {now} + 100), ('another{n}', null, '{}', {now} + 100);
insert into held_names (name, user_id, held_at) values ('held{n}', {xenia}, {now}), ('had{n}', 1000 + {n}, {now});
insert into exports (user_id, asked_at) values (1000 + {n}, {now});
insert into conversations (id, kind, receipt, user_id, name, item_id, ground, status, opened_at, last_at)
select K + {n}, kind, kind || K || '-' || {n}, AUTHOR, '', item, ground, status, {now} - {n}, {now} - {n}
from (select 10000 as K, 'contact' as kind, 1000 + {n} as AUTHOR, cast(null as bigint) as item, cast(null as text) as ground, 'waiting' as status
    union all select 20000, 'appeal', 1000 + {n}, null, null, 'answered'
    union all select 30000, 'contact', null, null, null, 'waiting'
    union all select 40000, 'report', null, 10000 + {n}, 'hate', 'resolved') as rows;
insert into messages (conversation_id, author_id, by_moderator, kind, text, created_at)
values (10000 + {n}, 1000 + {n}, false, 'message', 'Words.', {now} - {n}), (20000 + {n}, 6000 + {n}, true, 'message', 'Words.', {now} - {n}),
    (40000 + {n}, null, false, 'message', 'Words.', {now} - {n}), (40000 + {n}, 6000 + {n}, true, 'kept', 'Words.', {now} - {n});
insert into receipts (token_hash, conversation_id) values ('receipt{n}', 30000 + {n}), ('another{n}', 40000 + {n});
