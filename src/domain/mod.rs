//! The rules of a forum: pure, no I/O, no async. Each file is a concept; each refusal is a sentence that the person reads.

pub mod age;
pub mod brake;
pub mod day;
pub mod desk;
pub mod draft;
pub mod fate;
pub mod flag;
pub mod item;
pub mod moderation;
pub mod origin;
pub mod password;
pub mod policy;
pub mod rank;
pub mod reference;
pub mod rule;
pub mod signup;
pub mod site;
pub mod standing;
pub mod tally;
pub mod text;
pub mod thread;
pub mod title;
pub mod token;
pub mod url;
pub mod user;
pub mod vote;
