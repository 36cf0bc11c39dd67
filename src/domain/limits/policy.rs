//! The community's settings, declared once. Defaults follow Hacker News where published.

use std::fmt::{self, Display};
use std::num::ParseIntError;
use std::str::FromStr;

use crate::clock::{DAY, HOUR, MINUTE};

/// A duration in units of `UNIT` seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
pub struct Period<const UNIT: i64>(pub u32);

pub type Minutes = Period<MINUTE>;
pub type Hours = Period<HOUR>;
pub type Days = Period<DAY>;

impl<const UNIT: i64> Period<UNIT> {
    pub fn seconds(self) -> i64 {
        i64::from(self.0).saturating_mul(UNIT)
    }
}

impl<const UNIT: i64> Display for Period<UNIT> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<const UNIT: i64> FromStr for Period<UNIT> {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Period<UNIT>, ParseIntError> {
        text.parse().map(Period)
    }
}

/// Declares a struct of settings and their defaults, from a table as in [`policy_settings`].
macro_rules! declare_settings {
    ($(#[$meta:meta])* $group:ident $(with $part:ident: $part_type:ty,)? {
        $( $(#[doc = $doc:literal])+ $name:ident: $type:ty = $default:expr; )*
    }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq)]
        pub struct $group {
            $( $(#[doc = $doc])+ pub $name: $type, )*
            $( pub $part: $part_type, )?
        }

        impl Default for $group {
            fn default() -> $group {
                $group { $( $name: $default, )* $( $part: <$part_type>::default(), )? }
            }
        }
    };
}
pub(crate) use declare_settings;

/// Passes the table of the community's settings to another macro. `@` starts a heading; an expression after
/// the default validates the value.
macro_rules! policy_settings {
    ($with:ident! { $($before:tt)* }) => { $with! { $($before)* [policy] Policy {
        @ "Invitations and sign-up requests"
        /// How many open invitations a member may have at once; 0: only moderators invite.
        max_open_invitations: u32 = 5;
        /// How many open invitations a moderator may have at once.
        max_open_invitations_moderator: u32 = 50;
        /// How many days an invitation is valid.
        invitation_ttl_days: Days = Period(14), within(Period(1)..=longest());
        /// Whether invited people need a moderator's approval too, where signup_mode is request.
        invited_need_approval: bool = false;
        /// How many requests for an account may be pending at once.
        max_pending_signup_requests: u32 = 200;

        @ "Karma and flags"
        /// Karma needed to downvote comments; moderators need none.
        min_karma_to_downvote: i64 = 501;
        /// Karma needed to flag; moderators need none.
        min_karma_to_flag: i64 = 31;
        /// Karma needed to vouch for a dead post; moderators need none.
        min_karma_to_vouch: i64 = 31;
        /// How many flags kill a story or comment; 0: flags never kill. Set it lower on a site with few
        /// members.
        flags_to_kill: i64 = 8;
        /// Posts with this many points or more are not killed by flags.
        flags_kill_below: i64 = 10;
        /// How many members must vouch for a dead post to restore it; 0: only moderators can restore.
        vouches_to_restore: i64 = 2;
        /// Karma at which rules about IP ranges no longer apply.
        ip_rules_exempt_karma: i64 = 31;

        @ "Votes that do not count"
        /// Karma at which votes count even from an IP address shared with the author or another voter.
        min_karma_shared_ip_vote: i64 = 5;
        /// How many hours old an account that has not gained karma must be for its votes to count; 0: any
        /// age.
        min_account_age_to_count_votes_hours: Hours = Period(0);
        /// How many recent votes to check for a vote ring, up to 100; 0: no check.
        vote_ring_window: usize = 20, within(0..=MAX_VOTE_RING_WINDOW);

        @ "Posts and votes"
        /// How many minutes a vote can be undone.
        vote_undo_minutes: Minutes = Period(60);
        /// How many minutes authors can edit their posts.
        post_edit_minutes: Minutes = Period(120);
        /// How many days old a thread must be to close to new comments; 0: threads never close.
        thread_closes_after_days: Days = Period(0);
        /// Whether replies deep in a thread are delayed; the deeper, the longer.
        deep_reply_delay: bool = true;
        /// For how many hours submitting the same URL again counts as a vote for the existing story.
        duplicate_url_hours: Hours = Period(8);
        /// The same in days for a story with at least duplicate_url_points points.
        duplicate_url_days: Days = Period(365);
        /// Points at which duplicate_url_days applies instead of duplicate_url_hours.
        duplicate_url_points: i64 = 10;
        /// How many days an account is marked as new.
        new_account_days: Days = Period(14);
        /// Whether everybody can see the points of comments, not only their author.
        show_comment_points: bool = false;

        @ "Rate limits; 0: not allowed"
        /// Stories that an account can submit per hour.
        stories_per_hour: u32 = 10;
        /// Comments that an account can post per hour.
        comments_per_hour: u32 = 60;
        /// Edits of posts and of the profile that an account can make per hour.
        edits_per_hour: u32 = 60;
        /// Votes that an account can cast per hour.
        votes_per_hour: u32 = 600;
        /// Flags and vouches that an account can cast per hour.
        flags_per_hour: u32 = 60;
        /// Page titles that an account can have fetched per hour.
        title_fetches_per_hour: u32 = 60;
        /// Invitations that an account can create per hour.
        invitations_per_hour: u32 = 20;
        /// Karma at which new-account limits no longer apply to an account younger than new_account_days.
        new_account_limits_exempt_karma: i64 = 10;
        /// Stories that a new account can submit per hour.
        new_account_stories_per_hour: u32 = 3;
        /// Comments that a new account can post per hour.
        new_account_comments_per_hour: u32 = 15;
        /// Votes that a new account can cast per hour.
        new_account_votes_per_hour: u32 = 100;
        /// Links that a new account can post in texts per hour.
        new_account_links_per_hour: u32 = 10;
        /// Stories and comments that an account limited by a moderator can post in limited_window_hours.
        limited_posts: u32 = 5;
        /// The hours that limited_posts is counted over.
        limited_window_hours: Hours = Period(4), within(Period(1)..=longest());
        /// Stories per hour from one IP address (IPv6: a /64); new accounts and other members are counted
        /// separately.
        stories_per_hour_per_ip: u32 = 30;
        /// Comments per hour from one IP address.
        comments_per_hour_per_ip: u32 = 200;
        /// Votes per hour from one IP address.
        votes_per_hour_per_ip: u32 = 2_000;
        /// Flags and vouches per hour from one IP address.
        flags_per_hour_per_ip: u32 = 200;
        /// Stories and comments per hour from the new accounts of one subnet (IPv4: a /24, IPv6: a /48).
        posts_per_hour_per_subnet: u32 = 40;
        /// Stories and comments per hour from all new accounts.
        posts_per_hour_global: u32 = 400;
        /// Messages to the moderators that an account can send per hour.
        messages_per_hour: u32 = 20;
        /// Messages to the moderators per hour from one IP address; visitors and new accounts are counted
        /// apart from other members.
        messages_per_hour_per_ip: u32 = 10;
        /// Messages to the moderators per hour from the visitors and new accounts of one subnet.
        messages_per_hour_per_subnet: u32 = 20;
        /// Messages to the moderators per hour from all visitors and new accounts.
        messages_per_hour_global: u32 = 60;
        /// Accounts created per hour from one IP address.
        signups_per_hour_per_ip: u32 = 5;
        /// Accounts created per hour from one subnet.
        signups_per_hour_per_subnet: u32 = 20;
        /// Accounts created per hour on the whole site.
        signups_per_hour_global: u32 = 200;
    } } };
}
pub(crate) use policy_settings;

macro_rules! declare {
    ([$part:ident] $group:ident {
        $( $(@ $heading:literal)? $(#[doc = $doc:literal])+
           $name:ident: $type:ty = $default:expr $(, $parse:expr)?; )*
    }) => {
        declare_settings! {
            /// The settings that a community chooses.
            $group { $( $(#[doc = $doc])+ $name: $type = $default; )* }
        }
    };
}

policy_settings!(declare! {});

impl Policy {
    /// Seconds between a comment at `depth` and its first reply: 0 below depth 2, then `(depth - 1)^1.8`
    /// minutes, from Hacker News's published source. The root has depth 0.
    pub fn reply_delay(&self, depth: i64) -> i64 {
        // The source gives depth 0 to a comment on the story.
        let depth = depth.saturating_sub(1).clamp(0, 100);
        if !self.deep_reply_delay || depth < 2 {
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
        assert_eq!(Policy { deep_reply_delay: false, ..policy }.reply_delay(9), 0);
    }
}
