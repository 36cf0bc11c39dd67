//! The settings that are a community's policy, as the rules read them.

use super::Config;
use crate::clock::{DAY, HOUR, MINUTE};
use crate::domain::policy::{Policy, Rates};
use crate::domain::uncounted::MOST_RING_VOTES;

impl Config {
    pub fn policy(&self) -> Policy {
        let closes = i64::from(self.thread_closes_after_days) * DAY;
        Policy {
            karma_downvote: self.karma_downvote,
            karma_flag: self.karma_flag,
            karma_vouch: self.karma_vouch,
            flags_to_kill: self.flags_to_kill,
            flags_kill_below: self.flags_kill_below,
            vouches_to_restore: self.vouches_to_restore,
            karma_past_ranges: self.karma_past_ranges,
            karma_past_address: self.karma_past_address,
            young_account: i64::from(self.young_account_hours) * HOUR,
            ring_votes: usize::try_from(self.ring_votes).unwrap_or(usize::MAX).min(MOST_RING_VOTES),
            undo_window: i64::from(self.undo_minutes) * MINUTE,
            edit_window: i64::from(self.edit_minutes) * MINUTE,
            thread_closes_after: (closes > 0).then_some(closes),
            reply_delay: self.reply_delay.is_on(),
            duplicate_window: i64::from(self.duplicate_hours) * HOUR,
            duplicate_window_popular: i64::from(self.duplicate_days) * DAY,
            duplicate_points: self.duplicate_points,
            new_account: i64::from(self.new_account_days) * DAY,
            show_comment_points: self.show_comment_points.is_on(),
            invitations: i64::from(self.invitations),
            invitations_moderator: i64::from(self.invitations_moderator),
            invitation: i64::from(self.invitation_days) * DAY,
            invited_need_approval: self.invited_need_approval.is_on(),
            requests_waiting: i64::from(self.requests_waiting),
            karma_past_brakes: self.karma_past_brakes,
            rates: self.rates(),
        }
    }

    fn rates(&self) -> Rates {
        Rates {
            stories_per_hour: self.stories_per_hour,
            comments_per_hour: self.comments_per_hour,
            edits_per_hour: self.edits_per_hour,
            votes_per_hour: self.votes_per_hour,
            flags_per_hour: self.flags_per_hour,
            fetches_per_hour: self.fetches_per_hour,
            invitations_per_hour: self.invitations_per_hour,
            stories_per_hour_new: self.stories_per_hour_new,
            comments_per_hour_new: self.comments_per_hour_new,
            votes_per_hour_new: self.votes_per_hour_new,
            links_per_hour_new: self.links_per_hour_new,
            posts_slowed: self.posts_slowed,
            slowed_spell: i64::from(self.slowed_hours.max(1)) * HOUR,
            stories_per_hour_address: self.stories_per_hour_address,
            comments_per_hour_address: self.comments_per_hour_address,
            votes_per_hour_address: self.votes_per_hour_address,
            flags_per_hour_address: self.flags_per_hour_address,
            sign_ups_per_hour: self.sign_ups_per_hour,
            posts_per_hour_network: self.posts_per_hour_network,
            sign_ups_per_hour_network: self.sign_ups_per_hour_network,
            posts_per_hour_site: self.posts_per_hour_site,
            sign_ups_per_hour_site: self.sign_ups_per_hour_site,
        }
    }
}
