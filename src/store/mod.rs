//! All SQL. Methods take and return domain types; a write is one verb and one transaction.
//!
//! The SQL is portable between SQLite and PostgreSQL: `$1`, `returning`, `on conflict`, seconds as integers, `cast(sum(..) as bigint)`.

mod activity;
mod acts;
mod db;
mod desk;
mod edits;
mod flags;
mod import;
mod invitations;
mod item_rows;
mod items;
mod lists;
mod log;
mod looks;
mod merge;
mod moderation;
mod notifications;
mod origins;
mod people;
mod requests;
mod rules;
mod sessions;
mod settings;
mod sites;
mod taken;
mod team;
mod threads;
mod tree;
mod users;
mod votes;
mod writers;

use db::{Bindable, Change, Db, Tx};
pub use db::{CheckError, Error, Folded, LOG, OpenError, Result, Store, ThreadGeneration, beside, key_file, remove};
pub use desk::{Duplicate, NewAccount, Queued};
pub use edits::{Edit, Edited, NewUrl};
pub use flags::{Cast, Flagging, NewFlag, OwnFlag};
pub use import::{Imported, ImportedVote, NewItem};
pub use invitations::{Invitation, Inviter};
pub use items::{Commented, KnownAddress, NewComment, NewStory, Submission};
pub use lists::{Dead, Page};
pub use log::{Acts, Logged};
pub use moderation::{Act, Revision};
pub use people::{LastPost, NewBan, Note};
pub use requests::{Asked, NewRequest, Request, Waiting};
pub use rules::{KnownRule, Posted};
pub use sessions::{Keep, Known, NewSession, SessionRow};
pub use sites::{SiteStance, SiteStory};
pub use team::{Reachable, TeamMember};
pub use threads::{Marks, Visit};
pub use tree::{Branch, Lineage};
pub use users::{About, Credentials, NewUser, Preferences};
pub use votes::{NewVote, UncountedVote};
