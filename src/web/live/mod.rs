//! Live pages: event streams (server-sent events) tell an open page what is new. `hub.rs` knows who listens to
//! what, `dispatch.rs` reads what is new when something was written, and `event_stream.rs` is one page's stream.

mod dispatch;
pub mod event_stream;
pub mod hub;
pub mod topic;
