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
pub use db::{
    CheckError, CheckpointResult, Error, LOG, OpenError, Result, Store, ThreadGeneration, beside, key_file, remove,
};
pub use desk::{Duplicate, NewAccount, Queued};
pub use edits::{Edit, Edited, NewUrl};
pub use flags::{FlagWithAuthor, MemberFlag, NewFlag, OwnFlag};
pub use import::{Imported, ImportedVote, NewItem};
pub use invitations::{Invitation, Inviter};
pub use items::{CommentResult, KnownUrl, NewComment, NewStory, Submission};
pub use lists::{DeadFilter, ItemCursor};
pub use log::{LogFilter, LogRow};
pub use moderation::{ActionContext, Revision};
pub use people::{LastPost, NewBan, Note};
pub use requests::{NewSignupRequest, PendingRequest, RequestOutcome, SignupRequest};
pub use rules::{RuleRow, RuleSubject};
pub use sessions::{NewSession, RetentionPolicy, SessionRow, SessionUser};
pub use sites::{RestrictedSite, SiteStory};
pub use team::{ModeratorName, TeamMember};
pub use threads::{Marks, Visit};
pub use tree::{InviteBranch, InviteLineage};
pub use users::{AboutMember, Credentials, NewUser, Preferences};
pub use votes::{NewVote, UncountedVote};
