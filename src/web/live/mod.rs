//! Live pages: event streams (server-sent events) tell an open page what is new.

mod dispatch;
pub mod event_stream;
pub mod hub;
pub mod topic;
