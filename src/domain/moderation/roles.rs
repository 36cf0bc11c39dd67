use crate::clock::Timestamp;
use crate::domain::accounts::user::{Profile, Role};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RoleError {
    #[error("Only admins can do that.")]
    NotAnAdmin,
    #[error("Enter the name of the account.")]
    NoName,
    #[error("There is no account with that name.")]
    NoSuchUser,
    #[error("Choose a role.")]
    NoRole,
    #[error("{0} is {1} already.")]
    Same(String, &'static str),
    #[error("{0} is an imported name that nobody has claimed. The operator can assign it to its owner.")]
    Unclaimed(String),
    #[error("{0} is banned. Lift the ban first.")]
    Banned(String),
    #[error("{0} is shadow-banned, and moderators can see that in the log. Lift the shadow-ban first.")]
    Shadowed(String),
    #[error("{0} is the last admin who can log in. Make another one first.")]
    LastAdmin(String),
    #[error(
        "You would no longer be an admin, and could not undo that yourself. Tick the box if you mean it."
    )]
    Unsure,
}

pub fn with_article(role: Role) -> &'static str {
    match role {
        Role::Member => "a member",
        Role::Moderator => "a moderator",
        Role::Admin => "an admin",
    }
}

/// Whether `person` may have this role, apart from the rule that one admin must remain.
pub fn may_have(person: &Profile, role: Role, now: Timestamp) -> Result<(), RoleError> {
    let name = person.name.clone();
    if person.role == role {
        return Err(RoleError::Same(name, with_article(role)));
    }
    // Roles can be removed from anyone.
    if role < person.role {
        return Ok(());
    }
    if person.unclaimed {
        return Err(RoleError::Unclaimed(name));
    }
    if person.ban.holds(now) {
        return Err(RoleError::Banned(name));
    }
    if person.shadow_banned_at.is_some() { Err(RoleError::Shadowed(name)) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::accounts::ban::Ban;
    use crate::domain::accounts::user::UserId;

    const NOW: Timestamp = Timestamp(1_795_435_200);

    fn person(role: Role) -> Profile {
        Profile {
            id: UserId(7),
            name: "bob".to_owned(),
            role,
            karma: 1,
            created_at: Timestamp(0),
            about: String::new(),
            ban: Ban::default(),
            limited_until: None,
            shadow_banned_at: None,
            unclaimed: false,
            deleted: false,
        }
    }

    #[test]
    fn a_role_is_given_to_whoever_can_have_it_and_can_be_taken_from_anybody() {
        let banned =
            |until: i64| Ban { banned_at: Some(NOW), banned_until: Some(NOW.plus(until)), ban_reason: None };
        let member = person(Role::Member);
        for (case, person, role, expected) in [
            ("a member", member.clone(), Role::Moderator, Ok(())),
            ("at once", member.clone(), Role::Admin, Ok(())),
            ("the same", member.clone(), Role::Member, Err(RoleError::Same("bob".to_owned(), "a member"))),
            (
                "unclaimed",
                Profile { unclaimed: true, ..member.clone() },
                Role::Moderator,
                Err(RoleError::Unclaimed("bob".to_owned())),
            ),
            (
                "banned",
                Profile { ban: banned(1), ..member.clone() },
                Role::Admin,
                Err(RoleError::Banned("bob".to_owned())),
            ),
            ("banned before", Profile { ban: banned(0), ..member.clone() }, Role::Admin, Ok(())),
            (
                "shadow-banned",
                Profile { shadow_banned_at: Some(NOW), ..member },
                Role::Moderator,
                Err(RoleError::Shadowed("bob".to_owned())),
            ),
            (
                "taken while banned",
                Profile { ban: banned(1), ..person(Role::Moderator) },
                Role::Member,
                Ok(()),
            ),
            ("an admin", person(Role::Admin), Role::Moderator, Ok(())),
        ] {
            assert_eq!(may_have(&person, role, NOW), expected, "{case}");
        }
    }
}
