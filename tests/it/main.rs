//! The forum's behaviour, through its router: one binary, a module per area.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test may stop at the first surprise"
)]

mod accessibility;
mod addresses;
mod answers;
mod app;
mod asking;
mod assignment;
mod brakes;
mod cache;
mod clock;
mod command_accounts;
mod command_help;
mod command_log;
mod command_settings;
mod contact;
mod corpora;
mod cross_site;
mod crossed;
mod cycles;
mod database_file;
mod delay;
mod deployment;
mod desk;
mod discuss;
mod disk;
mod durable;
mod edits;
mod fate;
mod fetch;
mod fields;
mod fixtures;
mod flag;
mod form_recovery;
mod full_disk;
mod generate;
mod gone;
mod headings;
mod hostile;
mod import;
mod import_long;
mod invite;
mod join;
mod kept;
mod killed;
mod known;
mod layering;
mod log;
mod log_ins;
mod log_rows;
mod logged;
mod looks;
mod merge;
mod migrations;
mod mine;
mod operate;
mod origins;
mod page;
mod paging;
mod parts;
mod people;
mod plans;
mod private;
mod properties;
mod protocol;
mod queries;
mod query_names;
mod queue;
mod read;
mod rendering;
mod request;
mod roles;
mod room;
mod rules;
mod secrets;
mod sentences;
mod server;
mod server_h2;
mod shadowed;
mod site_settings;
mod sites;
mod snapshots;
mod spans;
mod statements;
mod submit;
mod taken;
mod team;
mod texts;
mod thread;
mod traces;
mod tree;
mod twice;
mod uncounted;
mod upgrade;
mod visitors_vote;
mod vote;
mod votes_together;
mod waves;
mod weight;
