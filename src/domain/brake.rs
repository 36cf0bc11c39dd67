//! Brakes: how often what may be done, by whom, and in which words somebody hears of it. The table is [`Policy::brakes`]; whoever counts
//! is told the time.

use std::fmt;

use crate::clock::{HOUR, Timestamp};
use crate::domain::age;
use crate::domain::policy::Policy;
use crate::domain::text;
use crate::domain::url::StoryUrl;
use crate::domain::user::{Member, Role};

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    Story,
    Comment,
    /// Of an item, or of one's own profile.
    Edit,
    Vote,
    /// Or a vouch.
    Flag,
    /// A page's title fetched for somebody.
    Fetch,
    Invitation,
    /// An account made, or asked for.
    SignUp,
}

/// Whose deeds one row of the table counts together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// Each account's.
    Account,
    /// Each account's that is new: younger than so many seconds, and of less karma than that.
    NewAccount { age: i64, karma: i64 },
    /// Each account's that a moderator has slowed down.
    SlowedAccount,
    /// Those from one address, an IPv6 /64 being one; new accounts' and strangers' apart, so that they use up nothing of what members have.
    Address,
    /// New accounts' and strangers' from one network: a /24 of IPv4, a /48 of IPv6.
    Network,
    /// New accounts' and strangers' on the whole site.
    Site,
}

/// One row of the table: `times` within `per` seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Brake {
    pub whose: Whose,
    /// Counted together.
    pub deeds: &'static [Deed],
    /// 0: not at all.
    pub times: u32,
    pub per: i64,
}

const POSTS: &[Deed] = &[Deed::Story, Deed::Comment];

/// How many rows the table has.
pub const BRAKES: usize = 20;

impl Policy {
    /// The table, from the narrowest to the widest, so that a refusal names what is nearest to whoever reads it.
    pub fn brakes(&self) -> [Brake; BRAKES] {
        use Deed::{Comment, Edit, Fetch, Flag, Invitation, SignUp, Story, Vote};
        use Whose::{Account, Address, Network, Site, SlowedAccount};
        let new =
            Whose::NewAccount { age: self.new_account_days.seconds(), karma: self.new_account_limits_exempt_karma };
        let slowed_for = self.limited_window_hours.seconds();
        let hourly = |whose, deeds, times| Brake { whose, deeds, times, per: HOUR };
        [
            Brake { whose: SlowedAccount, deeds: POSTS, times: self.limited_posts, per: slowed_for },
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
            hourly(Address, &[Story], self.stories_per_hour_per_ip),
            hourly(Address, &[Comment], self.comments_per_hour_per_ip),
            hourly(Address, &[Vote], self.votes_per_hour_per_ip),
            hourly(Address, &[Flag], self.flags_per_hour_per_ip),
            hourly(Address, &[SignUp], self.signups_per_hour_per_ip),
            hourly(Network, POSTS, self.posts_per_hour_per_subnet),
            hourly(Network, &[SignUp], self.signups_per_hour_per_subnet),
            hourly(Site, POSTS, self.posts_per_hour_global),
            hourly(Site, &[SignUp], self.signups_per_hour_global),
        ]
    }
}

impl Member {
    /// Whether the brakes on new accounts hold for them: a young account of little karma.
    pub fn is_braked(&self, policy: &Policy, now: Timestamp) -> bool {
        self.role < Role::Moderator
            && self.karma < policy.new_account_limits_exempt_karma
            && now.since(self.created) < policy.new_account_days.seconds()
    }

    /// Whether a moderator has slowed them down, and it has not ended.
    pub fn is_slowed(&self, now: Timestamp) -> bool {
        self.slowed_until.is_some_and(|until| until > now)
    }
}

/// Somebody is held up by a brake. It is shown as the sentence that they read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    pub why: Why,
    /// Seconds until it is let pass; none where waiting does not help.
    pub wait: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    Brake(Brake, Deed),
    /// Links of a new account: how many an hour, and how many there are.
    Links {
        times: u32,
        found: u32,
    },
    /// Tries to log in or to sign up.
    Tries,
    /// Requests of any kind.
    Requests,
}

impl Held {
    fn why(&self) -> String {
        match self.why {
            Why::Brake(brake, deed) => brake.why(deed),
            Why::Links { times, found } => links(times, found),
            Why::Tries => "Those were a lot of tries in a short time.".to_owned(),
            Why::Requests => "That was a lot in a short time.".to_owned(),
        }
    }

    fn wait(&self) -> Option<String> {
        self.wait.map(|seconds| age::left(i64::try_from(seconds).unwrap_or(i64::MAX)))
    }

    /// Whether what was typed can be mended, so that it need not wait.
    pub fn can_be_mended(&self) -> bool {
        self.wait.is_none() && matches!(self.why, Why::Links { .. })
    }

    /// The sentence on a form that is shown again.
    pub fn on_form(&self) -> String {
        let tail = self.wait().map_or_else(
            || " What you typed is kept here.".to_owned(),
            |wait| format!(" Please wait {wait} and send it again: what you typed is kept here."),
        );
        self.why() + &tail
    }
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why())?;
        self.wait().map_or(Ok(()), |wait| write!(f, " Please wait {wait} and try again."))
    }
}

/// How many links to the web stand in a text.
pub fn links_in(text: &str) -> usize {
    text::linked(text).iter().filter(|href| StoryUrl::of_link(href).is_some()).count()
}

/// What is said of links alone.
fn links(times: u32, found: u32) -> String {
    match times {
        0 => "New accounts cannot post links here yet. Please take them out.".to_owned(),
        times if found > times => {
            format!(
                "New accounts can post {} an hour, and here are {found}. Please take some out.",
                count(times, "link")
            )
        }
        times => format!("New accounts can post {} an hour.", count(times, "link")),
    }
}

fn count(times: u32, what: &str) -> String {
    if times == 1 { format!("one {what}") } else { format!("{times} {what}s") }
}

impl Deed {
    fn done_a_lot(self) -> &'static str {
        match self {
            Deed::Story => "You have submitted a lot in a short time.",
            Deed::Comment => "You have commented a lot in a short time.",
            Deed::Edit => "You have edited a lot in a short time.",
            Deed::Vote => "You have voted a lot in a short time.",
            Deed::Flag => "You have flagged or vouched a lot in a short time.",
            Deed::Fetch => "That was a lot of titles in a short time.",
            Deed::Invitation => "You have invited a lot of people in a short time.",
            Deed::SignUp => "That was a lot of accounts in a short time.",
        }
    }

    fn noun(self) -> &'static str {
        match self {
            Deed::Story => "submit stories",
            Deed::Comment => "comment",
            Deed::Edit => "edit",
            Deed::Vote => "vote",
            Deed::Flag => "flag",
            Deed::Fetch => "have titles fetched",
            Deed::Invitation => "invite people",
            Deed::SignUp => "be made",
        }
    }
}

impl Brake {
    fn why(&self, deed: Deed) -> String {
        let often = match self.times {
            1 => "once".to_owned(),
            times => format!("{times} times"),
        };
        match self.whose {
            Whose::NewAccount { age, karma } => {
                let may = match self.times {
                    0 => format!("cannot {} here", deed.noun()),
                    _ => format!("can {} {often} an hour here,", deed.noun()),
                };
                format!("New accounts {may} until they are {} old or have {karma} karma.", age::span(age))
            }
            _ if self.times == 0 => "This site does not take that at the moment.".to_owned(),
            Whose::Account => deed.done_a_lot().to_owned(),
            Whose::SlowedAccount => {
                format!("A moderator slowed you down: you can post {often} in {}.", age::span(self.per))
            }
            Whose::Address if deed == Deed::SignUp => {
                "Several accounts were made from your address in a short time.".to_owned()
            }
            Whose::Address => "A lot has come from your address in a short time.".to_owned(),
            Whose::Network if deed == Deed::SignUp => {
                "Many accounts were made from your network in a short time.".to_owned()
            }
            Whose::Network => "A lot has come from new accounts on your network in a short time.".to_owned(),
            Whose::Site if deed == Deed::SignUp => "Very many people are signing up just now.".to_owned(),
            Whose::Site => "Very much is coming from new accounts just now.".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::DAY;
    use crate::domain::user::sample;

    const NOW: Timestamp = Timestamp(1_795_435_200);

    fn member(role: Role, karma: i64, age: i64) -> Member {
        Member { role, karma, created: NOW.minus(age), ..sample() }
    }

    #[test]
    fn an_account_is_braked_while_it_is_young_and_of_little_karma() {
        let policy = Policy::default();
        for (role, karma, age, braked) in [
            (Role::Member, 1, 0, true),
            (Role::Member, 9, 14 * DAY - 1, true),
            (Role::Member, 10, 0, false),
            (Role::Member, 1, 14 * DAY, false),
            (Role::Member, -5, 15 * DAY, false),
            (Role::Moderator, 1, 0, false),
            (Role::Admin, 1, 0, false),
        ] {
            assert_eq!(member(role, karma, age).is_braked(&policy, NOW), braked, "{role:?} {karma} {age}");
        }
        let slowed = |until| Member { slowed_until: until, ..member(Role::Member, 50, 100 * DAY) };
        assert!(slowed(Some(NOW.plus(1))).is_slowed(NOW));
        assert!(!slowed(Some(NOW)).is_slowed(NOW) && !slowed(None).is_slowed(NOW));
    }

    #[test]
    fn every_brake_says_why_and_until_when() {
        for brake in Policy::default().brakes() {
            for deed in brake.deeds {
                let held = Held { why: Why::Brake(brake, *deed), wait: Some(90) }.to_string();
                assert!(held.ends_with(". Please wait 2 minutes and try again."), "{held}");
                let never = Held { why: Why::Brake(Brake { times: 0, ..brake }, *deed), wait: None }.to_string();
                assert!(never.ends_with('.') && !never.contains("wait"), "{never}");
            }
        }
        let new = Brake { whose: Whose::NewAccount { age: 14 * DAY, karma: 10 }, deeds: POSTS, times: 3, per: HOUR };
        let said = |times, deed| Held { why: Why::Brake(Brake { times, ..new }, deed), wait: None }.to_string();
        assert_eq!(
            said(3, Deed::Story),
            "New accounts can submit stories 3 times an hour here, until they are 14 days old or have 10 karma."
        );
        assert_eq!(said(0, Deed::Vote), "New accounts cannot vote here until they are 14 days old or have 10 karma.");
        let links = |times, found, wait| Held { why: Why::Links { times, found }, wait }.to_string();
        assert_eq!(links(2, 5, None), "New accounts can post 2 links an hour, and here are 5. Please take some out.");
        assert_eq!(links(0, 1, None), "New accounts cannot post links here yet. Please take them out.");
        assert_eq!(
            links(2, 1, Some(1_800)),
            "New accounts can post 2 links an hour. Please wait 30 minutes and try again."
        );
    }
}
