pub mod ban;
pub mod contact;
pub mod ip_hash;
pub mod password;
pub mod signup;
pub mod token;
pub mod user;
