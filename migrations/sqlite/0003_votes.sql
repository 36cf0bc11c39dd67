-- Votes that do not count, and where votes came from.
-- votes.uncounted says why: banned, shadowed, young, same-address, always-down, grudge, ring (domain/uncounted.rs). It is null exactly where
-- the vote counts. votes.near is the keyed hash of the address itself, null where that tells of nobody; forgotten after 30 days.

-- Until here a vote did not count for one reason alone.
update votes set uncounted = 'shadowed' where not counted and uncounted is null;

-- A page of them goes on after one vote, in one direction.
drop index votes_uncounted;
create index votes_uncounted on votes (at desc, user_id desc, item_id desc) where uncounted is not null;
-- What is to be forgotten.
create index votes_from on votes (at) where near is not null;
