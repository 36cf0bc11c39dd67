//! Ways in: who may make an account, and who may invite.

use crate::clock::{DAY, Timestamp};
use crate::domain::policy::Policy;
use crate::domain::user::{Member, Role};

/// Who may make an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SignUp {
    /// Everybody.
    Open,
    /// Whom a member invites.
    Invitation,
    /// Nobody; the operator makes accounts.
    Closed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignUpError {
    #[error("This site is not taking new accounts at the moment.")]
    Closed,
    #[error("New accounts here are by invitation: a member can send you a link.")]
    Invitation,
    #[error(
        "This invitation is no longer good: it was used or taken back, or has ended. Ask whoever sent it for another."
    )]
    Over,
    #[error("You have an account already, and you are logged in. This invitation is for somebody who has none.")]
    Member,
}

impl SignUp {
    pub const ALL: [SignUp; 3] = [SignUp::Open, SignUp::Invitation, SignUp::Closed];

    pub fn as_str(self) -> &'static str {
        match self {
            SignUp::Open => "open",
            SignUp::Invitation => "invitation",
            SignUp::Closed => "closed",
        }
    }

    /// Whether somebody may sign up; `invited` says that they hold an invitation that is good.
    pub fn admits(self, invited: bool) -> Result<(), SignUpError> {
        match self {
            SignUp::Closed => Err(SignUpError::Closed),
            SignUp::Invitation if !invited => Err(SignUpError::Invitation),
            SignUp::Open | SignUp::Invitation => Ok(()),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvitationError {
    #[error("This site is not taking new accounts at the moment, so nobody can be invited.")]
    Closed,
    #[error("New accounts cannot invite yet. Yours can in {0}.")]
    New(String),
    #[error("Only moderators invite people here.")]
    Moderators,
    #[error(
        "As many of your invitations are open as a member may have. Take one back, or wait until one is used or ends."
    )]
    Enough,
}

/// How many open invitations `member` may have, where they may invite at all.
pub fn invitations_of(
    member: &Member,
    sign_up: SignUp,
    policy: &Policy,
    now: Timestamp,
) -> Result<i64, InvitationError> {
    if sign_up == SignUp::Closed {
        return Err(InvitationError::Closed);
    }
    if member.role >= Role::Moderator {
        return Ok(policy.invitations_moderator);
    }
    if policy.invitations == 0 {
        return Err(InvitationError::Moderators);
    }
    let wait = policy.new_account.saturating_sub(now.since(member.created));
    if wait > 0 {
        return Err(InvitationError::New(crate::domain::item::duration_words(wait.max(DAY))));
    }
    Ok(policy.invitations)
}
