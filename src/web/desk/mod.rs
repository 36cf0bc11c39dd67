//! The moderators' desk. A page of it is a line in `tabs.rs`; its handler stands in a file beside this one.

mod acts;
mod history;
mod judged;
mod last;
mod newcomers;
pub mod person;
mod queue;
mod requests;
mod rules;
mod sites;
mod tabs;
mod team;
mod votes;

pub use acts::{ItemActionsPanel, clear, detach, kill, lock, merge, pin, second_chance, show as moderate};
pub use history::show as history;
pub use judged::ReviewItem;
pub use last::LastAction;
pub use newcomers::show as newcomers;
pub use queue::show as queue;
pub use requests::{decide as decide_request, list as requests};
pub use rules::{create as try_rule, drop as drop_rule, list as rules};
pub use sites::{RestrictionPanel, list as sites, set as set_stance};
pub use tabs::bar;
pub use team::{create as give_role, list as team, update as change_role};
pub use votes::show as votes;
