use crate::clock::Timestamp;
use crate::domain::accounts::user::{Member, Role};
use crate::domain::limits::policy::Policy;
use crate::domain::text::is_blank;
use crate::domain::text::plural::Grouped;
use crate::domain::time::relative_time;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignUpMode {
    Open,
    Invitation,
    Request,
    Closed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignUpOutcome {
    Account,
    Request,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignUpError {
    #[error("This site is not accepting new accounts at the moment.")]
    Closed,
    #[error("New accounts here are by invitation: a member can send you a link.")]
    Invitation,
    #[error("This invitation is no longer valid: it was used, withdrawn or has expired. Ask for a new one.")]
    Over,
    #[error(
        "You have an account already, and you are logged in. This invitation is for someone who has none."
    )]
    Member,
    #[error("There are too many pending requests. Please try again in a few days.")]
    Full,
    #[error("That request has already been decided.")]
    Decided,
}

/// Maximum length of a request and of the reply to a declined one, in characters.
pub const LONGEST_REQUEST: usize = 2_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    #[error("Write a few words for the moderator who decides.")]
    Empty,
    #[error(
        "That would show nothing: it has only formatting marks or invisible characters. Write a few words."
    )]
    Unseen,
    #[error(
        "That is {} characters; the limit is {}. Please shorten it.",
        Grouped(*.0),
        Grouped(LONGEST_REQUEST)
    )]
    Long(usize),
}

pub fn request(typed: &str) -> Result<String, RequestError> {
    let text = message(typed)?;
    if text.is_empty() { Err(RequestError::Empty) } else { Ok(text) }
}

pub fn message(typed: &str) -> Result<String, RequestError> {
    let text = typed.replace("\r\n", "\n").replace('\r', "\n").replace('\0', "");
    let text = text.trim();
    match text.chars().count() {
        length if length > LONGEST_REQUEST => Err(RequestError::Long(length)),
        _ if !text.is_empty() && is_blank(text) => Err(RequestError::Unseen),
        _ => Ok(text.to_owned()),
    }
}

impl SignUpMode {
    pub const ALL: [SignUpMode; 4] =
        [SignUpMode::Open, SignUpMode::Invitation, SignUpMode::Request, SignUpMode::Closed];

    pub fn as_str(self) -> &'static str {
        match self {
            SignUpMode::Open => "open",
            SignUpMode::Invitation => "invitation",
            SignUpMode::Request => "request",
            SignUpMode::Closed => "closed",
        }
    }

    pub fn way(self, invited: bool, policy: &Policy) -> Result<SignUpOutcome, SignUpError> {
        match self {
            SignUpMode::Closed => Err(SignUpError::Closed),
            SignUpMode::Invitation if !invited => Err(SignUpError::Invitation),
            SignUpMode::Request if !invited || policy.invited_need_approval => Ok(SignUpOutcome::Request),
            SignUpMode::Open | SignUpMode::Invitation | SignUpMode::Request => Ok(SignUpOutcome::Account),
        }
    }

    /// Pending requests may predate a change of the sign-up mode.
    pub fn may_approve(self) -> Result<(), SignUpError> {
        if self == SignUpMode::Closed { Err(SignUpError::Closed) } else { Ok(()) }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvitationError {
    #[error("This site is not accepting new accounts at the moment, so nobody can be invited.")]
    Closed,
    #[error("New accounts cannot invite yet. Yours can in {0}.")]
    New(String),
    #[error("A moderator limited your account, so you cannot invite anyone for now.")]
    Limited,
    #[error("Only moderators invite people here.")]
    Moderators,
    #[error(
        "You have the maximum number of open invitations. Withdraw one, or wait until one is used or expires."
    )]
    Enough,
}

pub fn invitations_of(
    member: &Member,
    sign_up: SignUpMode,
    policy: &Policy,
    now: Timestamp,
) -> Result<i64, InvitationError> {
    if sign_up == SignUpMode::Closed {
        return Err(InvitationError::Closed);
    }
    if member.role >= Role::Moderator {
        return Ok(policy.max_open_invitations_moderator.into());
    }
    if policy.max_open_invitations == 0 {
        return Err(InvitationError::Moderators);
    }
    if member.is_limited_by_moderator(now) {
        return Err(InvitationError::Limited);
    }
    let wait = policy.new_account_days.seconds().saturating_sub(now.since(member.created_at));
    if wait > 0 {
        return Err(InvitationError::New(relative_time::left(wait)));
    }
    Ok(policy.max_open_invitations.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mode_leads_where_it_says() {
        let (account, request) = (Ok(SignUpOutcome::Account), Ok(SignUpOutcome::Request));
        let (closed, invitation) = (Err(SignUpError::Closed), Err(SignUpError::Invitation));
        let policy = Policy::default();
        let strict = Policy { invited_need_approval: true, ..Policy::default() };
        for (mode, alone, invited, invited_where_approval_is_needed) in [
            (SignUpMode::Open, account, account, account),
            (SignUpMode::Invitation, invitation, account, account),
            (SignUpMode::Request, request, account, request),
            (SignUpMode::Closed, closed, closed, closed),
        ] {
            assert_eq!(mode.way(false, &policy), alone, "{mode:?}");
            assert_eq!(mode.way(false, &strict), alone, "{mode:?}");
            assert_eq!(mode.way(true, &policy), invited, "{mode:?}");
            assert_eq!(mode.way(true, &strict), invited_where_approval_is_needed, "{mode:?}");
        }
    }

    #[test]
    fn a_request_says_something_and_not_too_much() {
        assert_eq!(request(" I weave.\r\nAnd dye. \n"), Ok("I weave.\nAnd dye.".to_owned()));
        assert_eq!(request(" \n\t"), Err(RequestError::Empty));
        assert_eq!(message(" \n\t"), Ok(String::new()));
        assert_eq!(request(&"ä".repeat(2_000)).map(|text| text.chars().count()), Ok(2_000));
        assert_eq!(request(&"ä".repeat(2_001)), Err(RequestError::Long(2_001)));
    }
}
