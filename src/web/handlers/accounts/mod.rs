//! Sign-up, log-in, invitations, profiles and settings.

pub mod credentials;
pub mod invitations;
pub mod invite_tree;
pub mod login;
pub mod login_destination;
pub mod login_purpose;
pub mod mutes;
pub mod ownership;
pub mod password_reset;
pub mod profile;
pub mod sessions;
pub mod settings;
pub mod setup;
pub mod signup;
