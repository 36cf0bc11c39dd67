//! The numbers that a community may choose, in one place. Each is a setting of the same name; the defaults are Hacker News's own
//! where it publishes one.

use crate::clock::{DAY, HOUR, MINUTE};

#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// Karma from which a member may vote comments down.
    pub karma_downvote: i64,
    /// Karma from which a member may flag, and vouch.
    pub karma_flag: i64,
    pub karma_vouch: i64,
    /// How many flags kill an item; 0: none do.
    pub flags_to_kill: i64,
    /// The score from which flags no longer kill.
    pub flags_kill_below: i64,
    /// How many vouches bring a dead item back; 0: none do.
    pub vouches_to_restore: i64,
    /// Karma from which rules about address ranges leave a member alone.
    pub karma_past_ranges: i64,
    /// Karma from which a vote counts though its author, or another voter, came from the same address.
    pub karma_past_address: i64,
    /// The age below which the votes of an account that has brought in nothing do not count, in seconds. None at first: in a new forum
    /// everybody's account is young and has 1 karma, and their votes are all that there are.
    pub young_account: i64,
    /// How many of a member's last votes must have gone to one author, nearly all of them, for the next to that author not to count; 0:
    /// none do.
    pub ring_votes: usize,
    /// How long a vote can be undone, in seconds.
    pub undo_window: i64,
    /// How long an author may edit, in seconds.
    pub edit_window: i64,
    /// The age at which a thread takes no more comments, in seconds; none: never.
    pub thread_closes_after: Option<i64>,
    /// Whether a reply deep in a thread has to wait.
    pub reply_delay: bool,
    /// A live story of the same address younger than this turns a submission into a vote, in seconds.
    pub duplicate_window: i64,
    /// The same for a story with at least `duplicate_points`, in seconds.
    pub duplicate_window_popular: i64,
    pub duplicate_points: i64,
    /// The age below which an account is marked as new, in seconds.
    pub new_account: i64,
    /// Whether everybody sees a comment's points, not only its author.
    pub show_comment_points: bool,
    /// How many of a member's invitations may be open at once.
    pub invitations: i64,
    /// The same for moderators.
    pub invitations_moderator: i64,
    /// How long an invitation is good, in seconds.
    pub invitation: i64,
    /// Whether invited people wait for approval too, where new accounts are by request.
    pub invited_need_approval: bool,
    /// How many requests for an account may wait at once.
    pub requests_waiting: i64,
    /// Karma from which an account is new no longer, as far as rate limits go.
    pub karma_past_brakes: i64,
    pub rates: Rates,
}

/// The numbers of the rate limits, which `rate_limits.rs` arranges in a table. Those whose names say no other are of an
/// account, in an hour; 0 is not at all.
///
/// | | account | new account | address | network of new accounts | site, of new accounts |
/// |---|---|---|---|---|---|
/// | stories | 10 | 3 | 30 | 40 with comments | 400 with comments |
/// | comments | 60 | 15 | 200 | | |
/// | links in texts | | 10 | | | |
/// | votes | 600 | 100 | 2,000 | | |
/// | flags and vouches | 60 | | 200 | | |
/// | edits | 60 | | | | |
/// | titles fetched | 60 | | | | |
/// | invitations | 20 | | | | |
/// | sign-ups | | | 5 | 20 | 200 |
///
/// Whom a moderator has slowed down posts 5 times in 4 hours (Hacker News: about 5 posts in 3 to 4 hours). Moderators are never new.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rates {
    pub stories_per_hour: u32,
    pub comments_per_hour: u32,
    pub edits_per_hour: u32,
    pub votes_per_hour: u32,
    pub flags_per_hour: u32,
    pub fetches_per_hour: u32,
    pub invitations_per_hour: u32,
    pub stories_per_hour_new: u32,
    pub comments_per_hour_new: u32,
    pub votes_per_hour_new: u32,
    pub links_per_hour_new: u32,
    /// Stories and comments of whom a moderator slowed down, within `slowed_spell` seconds.
    pub posts_slowed: u32,
    pub slowed_spell: i64,
    pub stories_per_hour_address: u32,
    pub comments_per_hour_address: u32,
    pub votes_per_hour_address: u32,
    pub flags_per_hour_address: u32,
    /// From one address.
    pub sign_ups_per_hour: u32,
    pub posts_per_hour_network: u32,
    pub sign_ups_per_hour_network: u32,
    pub posts_per_hour_site: u32,
    pub sign_ups_per_hour_site: u32,
}

impl Default for Rates {
    fn default() -> Rates {
        Rates {
            stories_per_hour: 10,
            comments_per_hour: 60,
            edits_per_hour: 60,
            votes_per_hour: 600,
            flags_per_hour: 60,
            fetches_per_hour: 60,
            invitations_per_hour: 20,
            stories_per_hour_new: 3,
            comments_per_hour_new: 15,
            votes_per_hour_new: 100,
            links_per_hour_new: 10,
            posts_slowed: 5,
            slowed_spell: 4 * HOUR,
            stories_per_hour_address: 30,
            comments_per_hour_address: 200,
            votes_per_hour_address: 2_000,
            flags_per_hour_address: 200,
            sign_ups_per_hour: 5,
            posts_per_hour_network: 40,
            sign_ups_per_hour_network: 20,
            posts_per_hour_site: 400,
            sign_ups_per_hour_site: 200,
        }
    }
}

impl Default for Policy {
    fn default() -> Policy {
        Policy {
            karma_downvote: 501,
            karma_flag: 31,
            karma_vouch: 31,
            flags_to_kill: 8,
            flags_kill_below: 10,
            vouches_to_restore: 2,
            karma_past_ranges: 31,
            karma_past_address: 5,
            young_account: 0,
            ring_votes: 20,
            undo_window: HOUR,
            edit_window: 2 * HOUR,
            thread_closes_after: None,
            reply_delay: true,
            duplicate_window: 8 * HOUR,
            duplicate_window_popular: 365 * DAY,
            duplicate_points: 10,
            new_account: 14 * DAY,
            show_comment_points: false,
            invitations: 5,
            invitations_moderator: 50,
            invitation: 14 * DAY,
            invited_need_approval: false,
            requests_waiting: 200,
            karma_past_brakes: 10,
            rates: Rates::default(),
        }
    }
}

impl Policy {
    /// Seconds between a comment at `depth` and the first reply to it: none below depth 2, then `(depth - 1)^1.8` minutes, the rule
    /// of Hacker News's published source; a thread's head has depth 0, so a comment on it is at depth 1.
    pub fn reply_delay(&self, depth: i64) -> i64 {
        // The source counts a comment on the story as depth 0.
        let depth = depth.saturating_sub(1).clamp(0, 100);
        if !self.reply_delay || depth < 2 {
            return 0;
        }
        let minutes = ((depth - 1) as f64).powf(1.8);
        #[expect(clippy::cast_possible_truncation, reason = "at most 99^1.8 minutes, which is some 3,900")]
        let seconds = (minutes * MINUTE as f64) as i64;
        seconds
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_waits_longer_the_deeper_it_is() {
        let policy = Policy::default();
        let minutes: Vec<i64> = (1..=8).map(|depth| policy.reply_delay(depth) / 60).collect();
        assert_eq!(minutes, [0, 0, 1, 3, 7, 12, 18, 25]);
        assert_eq!(policy.reply_delay(i64::MAX), policy.reply_delay(101));
        assert_eq!(Policy { reply_delay: false, ..policy }.reply_delay(9), 0);
    }
}
