use std::fmt;

use crate::clock::{HOUR, Timestamp};
use crate::domain::accounts::user::{Member, Role};
use crate::domain::limits::policy::Policy;
use crate::domain::text;
use crate::domain::time::relative_time;
use crate::domain::url::StoryUrl;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitedAction {
    Story,
    Comment,
    Edit,
    Vote,
    Flag,
    Fetch,
    Invitation,
    /// An account created or requested.
    SignUp,
    /// A link by mail that sets a password.
    LostPassword,
    /// To the moderators.
    Message,
    /// A report that something is illegal, or an appeal. Messages of others do not use up what a subnet or
    /// the site may send of these.
    Complaint,
}

/// Whose actions a row of the table counts together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateLimitScope {
    /// Per account.
    Account,
    /// Per account younger than `age` seconds with less than `karma`.
    NewAccount { age: i64, karma: i64 },
    /// Per account limited by a moderator.
    LimitedAccount,
    /// Per address or IPv6 /64; new accounts and visitors are counted separately.
    Address,
    /// New accounts and visitors per subnet: IPv4 /24, IPv6 /48.
    Subnet,
    /// New accounts and visitors of the whole site.
    Site,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    pub scope: RateLimitScope,
    pub actions: &'static [LimitedAction],
    /// 0: never.
    pub times: u32,
    pub per: i64,
}

const POSTS: &[LimitedAction] = &[LimitedAction::Story, LimitedAction::Comment];

pub const RATE_LIMITS: usize = 28;
/// Links that set a lost password, an hour; each account has a limit of its own.
const LOST_PASSWORDS_PER_IP: u32 = 10;
const LOST_PASSWORDS_PER_SUBNET: u32 = 50;

impl Policy {
    /// The narrowest scopes first, so that a refusal names the nearest.
    pub fn rate_limits(&self) -> [RateLimit; RATE_LIMITS] {
        use LimitedAction::{
            Comment, Complaint, Edit, Fetch, Flag, Invitation, LostPassword, Message, SignUp, Story, Vote,
        };
        use RateLimitScope::{Account, Address, LimitedAccount, Site, Subnet};
        let (age, karma) = (self.new_account_days.seconds(), self.new_account_limits_exempt_karma);
        let new = RateLimitScope::NewAccount { age, karma };
        let limited_window = self.limited_window_hours.seconds();
        let hourly = |scope, actions, times| RateLimit { scope, actions, times, per: HOUR };
        [
            RateLimit {
                scope: LimitedAccount,
                actions: POSTS,
                times: self.limited_posts,
                per: limited_window,
            },
            hourly(new, &[Story], self.new_account_stories_per_hour),
            hourly(new, &[Comment], self.new_account_comments_per_hour),
            hourly(new, &[Vote], self.new_account_votes_per_hour),
            hourly(Account, &[Story], self.stories_per_hour),
            hourly(Account, &[Comment], self.comments_per_hour),
            hourly(Account, &[Edit], self.edits_per_hour),
            hourly(Account, &[Vote], self.votes_per_hour),
            hourly(Account, &[Flag], self.flags_per_hour),
            hourly(Account, &[Fetch], self.title_fetches_per_hour),
            hourly(Account, &[Invitation], self.invitations_per_hour),
            hourly(Account, &[Message, Complaint], self.messages_per_hour),
            hourly(Address, &[Story], self.stories_per_hour_per_ip),
            hourly(Address, &[Comment], self.comments_per_hour_per_ip),
            hourly(Address, &[Vote], self.votes_per_hour_per_ip),
            hourly(Address, &[Flag], self.flags_per_hour_per_ip),
            hourly(Address, &[SignUp], self.signups_per_hour_per_ip),
            hourly(Address, &[LostPassword], LOST_PASSWORDS_PER_IP),
            hourly(Address, &[Message, Complaint], self.messages_per_hour_per_ip),
            hourly(Subnet, POSTS, self.posts_per_hour_per_subnet),
            hourly(Subnet, &[SignUp], self.signups_per_hour_per_subnet),
            hourly(Subnet, &[LostPassword], LOST_PASSWORDS_PER_SUBNET),
            hourly(Subnet, &[Message], self.messages_per_hour_per_subnet),
            hourly(Subnet, &[Complaint], self.messages_per_hour_per_subnet),
            hourly(Site, POSTS, self.posts_per_hour_global),
            hourly(Site, &[SignUp], self.signups_per_hour_global),
            hourly(Site, &[Message], self.messages_per_hour_global),
            hourly(Site, &[Complaint], self.messages_per_hour_global),
        ]
    }
}

impl Member {
    pub fn is_limited_as_new(&self, policy: &Policy, now: Timestamp) -> bool {
        self.role < Role::Moderator
            && self.karma < policy.new_account_limits_exempt_karma
            && now.since(self.created_at) < policy.new_account_days.seconds()
    }

    pub fn is_limited_by_moderator(&self, now: Timestamp) -> bool {
        self.limited_until.is_some_and(|until| until > now)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateLimited {
    pub why: RateLimitReason,
    /// Seconds to wait; `None` if waiting does not help.
    pub wait: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateLimitReason {
    Limit(RateLimit, LimitedAction),
    /// Maximum links per hour of a new account, and the number found.
    Links {
        times: u32,
        found: u32,
    },
    Tries,
    Requests,
}

impl RateLimited {
    fn why(&self) -> String {
        match self.why {
            RateLimitReason::Limit(limit, action) => limit.why(action),
            RateLimitReason::Links { times, found } => links(times, found),
            RateLimitReason::Tries => "Too many attempts.".to_owned(),
            RateLimitReason::Requests => "Too many requests.".to_owned(),
        }
    }

    fn wait(&self) -> Option<String> {
        self.wait.map(|seconds| relative_time::left(i64::try_from(seconds).unwrap_or(i64::MAX)))
    }

    /// Whether editing the input helps, so that there is no need to wait.
    pub fn is_fixable(&self) -> bool {
        self.wait.is_none() && matches!(self.why, RateLimitReason::Links { .. })
    }

    pub fn form_message(&self) -> String {
        let tail = self.wait().map_or_else(
            || " Your text has been kept.".to_owned(),
            |wait| format!(" Please wait {wait} and send it again. Your text has been kept."),
        );
        self.why() + &tail
    }
}

impl fmt::Display for RateLimited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why())?;
        self.wait().map_or(Ok(()), |wait| write!(f, " Please wait {wait} and try again."))
    }
}

pub fn links_in(text: &str) -> usize {
    text::linked(text).iter().filter(|href| StoryUrl::of_link(href).is_some()).count()
}

fn links(times: u32, found: u32) -> String {
    match times {
        0 => "New accounts cannot post links here yet. Please remove them.".to_owned(),
        times if found > times => {
            format!(
                "New accounts can post {} an hour; this has {found}. Please remove some.",
                count(times, "link")
            )
        }
        times => format!("New accounts can post {} an hour.", count(times, "link")),
    }
}

fn count(times: u32, what: &str) -> String {
    if times == 1 { format!("one {what}") } else { format!("{times} {what}s") }
}

impl LimitedAction {
    fn refusal(self) -> &'static str {
        match self {
            LimitedAction::Story => "You have submitted a lot in a short time.",
            LimitedAction::Comment => "You have commented a lot in a short time.",
            LimitedAction::Edit => "You have edited a lot in a short time.",
            LimitedAction::Vote => "You have voted a lot in a short time.",
            LimitedAction::Flag => "You have flagged or vouched a lot in a short time.",
            LimitedAction::Fetch => "You have asked for many titles in a short time.",
            LimitedAction::Invitation => "You have invited a lot of people in a short time.",
            LimitedAction::SignUp => "Many accounts were created in a short time.",
            LimitedAction::LostPassword => "A password link was asked for often in a short time.",
            LimitedAction::Message | LimitedAction::Complaint => {
                "You have written to the moderators a lot in a short time."
            }
        }
    }

    fn verb(self) -> &'static str {
        match self {
            LimitedAction::Story => "submit stories",
            LimitedAction::Comment => "comment",
            LimitedAction::Edit => "edit",
            LimitedAction::Vote => "vote",
            LimitedAction::Flag => "flag",
            LimitedAction::Fetch => "fetch titles",
            LimitedAction::Invitation => "invite people",
            LimitedAction::SignUp => "be made",
            LimitedAction::LostPassword => "ask for a password link",
            LimitedAction::Message | LimitedAction::Complaint => "write to the moderators",
        }
    }
}

impl RateLimit {
    fn why(&self, action: LimitedAction) -> String {
        let often = match self.times {
            1 => "once".to_owned(),
            times => format!("{times} times"),
        };
        match self.scope {
            RateLimitScope::NewAccount { age, karma } => {
                let may = match self.times {
                    0 => format!("cannot {} here", action.verb()),
                    _ => format!("can {} {often} an hour here,", action.verb()),
                };
                format!(
                    "New accounts {may} until they are {} old or have {karma} karma.",
                    relative_time::span(age)
                )
            }
            _ if self.times == 0 => "This is turned off at the moment.".to_owned(),
            RateLimitScope::Account => action.refusal().to_owned(),
            RateLimitScope::LimitedAccount => {
                format!(
                    "A moderator limited your account: you can post {often} in {}.",
                    relative_time::span(self.per)
                )
            }
            RateLimitScope::Address if action == LimitedAction::SignUp => {
                "Several accounts were created from your address in a short time.".to_owned()
            }
            RateLimitScope::Address => {
                "There has been a lot of activity from your IP address in a short time.".to_owned()
            }
            RateLimitScope::Subnet if action == LimitedAction::SignUp => {
                "Many accounts were created from your network in a short time.".to_owned()
            }
            RateLimitScope::Subnet | RateLimitScope::Site
                if matches!(action, LimitedAction::Message | LimitedAction::Complaint) =>
            {
                "Many people are writing to the moderators right now.".to_owned()
            }
            RateLimitScope::Subnet => {
                "There has been a lot of activity from new accounts on your network in a short time."
                    .to_owned()
            }
            RateLimitScope::Site if action == LimitedAction::SignUp => {
                "Many people are signing up right now.".to_owned()
            }
            RateLimitScope::Site => "New accounts are posting a lot right now.".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::DAY;
    use crate::domain::accounts::user::sample;

    const NOW: Timestamp = Timestamp(1_795_435_200);

    fn member(role: Role, karma: i64, age: i64) -> Member {
        Member { role, karma, created_at: NOW.minus(age), ..sample() }
    }

    #[test]
    fn an_account_is_limited_while_it_is_young_and_of_little_karma() {
        let policy = Policy::default();
        for (role, karma, age, limited) in [
            (Role::Member, 1, 0, true),
            (Role::Member, 9, 14 * DAY - 1, true),
            (Role::Member, 10, 0, false),
            (Role::Member, 1, 14 * DAY, false),
            (Role::Member, -5, 15 * DAY, false),
            (Role::Moderator, 1, 0, false),
            (Role::Admin, 1, 0, false),
        ] {
            assert_eq!(
                member(role, karma, age).is_limited_as_new(&policy, NOW),
                limited,
                "{role:?} {karma} {age}"
            );
        }
        let limited = |until| Member { limited_until: until, ..member(Role::Member, 50, 100 * DAY) };
        assert!(limited(Some(NOW.plus(1))).is_limited_by_moderator(NOW));
        assert!(
            !limited(Some(NOW)).is_limited_by_moderator(NOW) && !limited(None).is_limited_by_moderator(NOW)
        );
    }

    fn sentence(limit: RateLimit, action: LimitedAction, wait: Option<u64>) -> String {
        RateLimited { why: RateLimitReason::Limit(limit, action), wait }.to_string()
    }

    #[test]
    fn every_limit_says_why_and_until_when() {
        for limit in Policy::default().rate_limits() {
            for action in limit.actions {
                let limited = sentence(limit, *action, Some(90));
                assert!(limited.ends_with(". Please wait 2 minutes and try again."), "{limited}");
                let never = sentence(RateLimit { times: 0, ..limit }, *action, None);
                assert!(never.ends_with('.') && !never.contains("wait"), "{never}");
            }
        }
        let scope = RateLimitScope::NewAccount { age: 14 * DAY, karma: 10 };
        let said =
            |times, action| sentence(RateLimit { scope, actions: POSTS, times, per: HOUR }, action, None);
        assert_eq!(
            said(3, LimitedAction::Story),
            "New accounts can submit stories 3 times an hour here, until they are 14 days old or have 10 \
             karma."
        );
        let never = "New accounts cannot vote here until they are 14 days old or have 10 karma.";
        assert_eq!(said(0, LimitedAction::Vote), never);
        let links = |times, found, wait| {
            RateLimited { why: RateLimitReason::Links { times, found }, wait }.to_string()
        };
        assert_eq!(
            links(2, 5, None),
            "New accounts can post 2 links an hour; this has 5. Please remove some."
        );
        assert_eq!(links(0, 1, None), "New accounts cannot post links here yet. Please remove them.");
        assert_eq!(
            links(2, 1, Some(1_800)),
            "New accounts can post 2 links an hour. Please wait 30 minutes and try again."
        );
    }
}
