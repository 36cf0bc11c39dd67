//! Sign-up, log-in, invitations and their secrets.

pub mod concurrent_sanctions;
pub mod contact;
pub mod credential_ends;
pub mod deletion;
pub mod export;
pub mod followed_searches;
pub mod inbox;
pub mod inbox_feed;
pub mod invitations;
pub mod invite_tree;
pub mod ip_hashes;
pub mod login_load;
pub mod members_only;
pub mod mutes;
pub mod passkeys;
pub mod password_resets;
pub mod profile;
pub mod recovery_codes;
pub mod renaming;
pub mod secrets;
pub mod signup;
pub mod signup_requests;
pub mod two_factor;
