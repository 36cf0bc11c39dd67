//! All SQL. Methods use domain types; a write is one verb and one transaction. Portable between SQLite and
//! PostgreSQL: `$1`, `returning`, `on conflict`, integer seconds, `cast(sum(..) as bigint)`.

mod accounts;
mod conversations;
mod db;
mod face;
mod import;
mod items;
mod mail;
mod moderation;
mod rate_buckets;
mod settings;
mod statistics;
mod votes;

use db::{Bindable, Db, Fetchable, Tx};
pub use db::{
    Change, CheckpointResult, Error, MoveError, MoveProgress, MovedTable, OpenError, Result,
    STATEMENT_TARGET, StatementTimes, Store, ThreadGeneration, WriteMark, move_forum,
    sqlite as database_file, uncached,
};
pub use import::{Imported, ImportedVote, NewItem};
pub use rate_buckets::BucketGrant;
pub use settings::ChosenSetting;
pub use statistics::MonthStatistics;
pub use votes::{NewVote, UncountedVote};

pub use crate::store::accounts::credentials::passkeys::{AccountPasskeys, PasskeyRow, VerifiedPasskey};
pub use crate::store::accounts::credentials::pending_logins::{PassedLogin, PendingLogin};
pub use crate::store::accounts::credentials::totp::TotpRow;
pub use crate::store::accounts::followed_searches::FollowedSearch;
pub use crate::store::accounts::follows::Follow;
pub use crate::store::accounts::inbox::{InboxRow, UnreadRow};
pub use crate::store::accounts::invitations::{Invitation, Inviter};
pub use crate::store::accounts::invite_tree::{InviteBranch, InviteLineage};
pub use crate::store::accounts::mutes::{LastMute, MuteRow};
pub use crate::store::accounts::ownership::exports::{EXPORT_INTERVAL, EXPORT_TTL, ExportRow};
pub use crate::store::accounts::sessions::{
    AccountReminders, NewSession, RetentionPolicy, SessionRow, SessionUser, Verified,
};
pub use crate::store::accounts::signup_requests::{
    NewSignupRequest, PendingRequest, RequestOutcome, SignupRequest,
};
pub use crate::store::accounts::users::{AboutMember, Credentials, NewUser, Preferences};
pub use crate::store::conversations::reading::{Conversation, MessageRow};
pub use crate::store::conversations::reports::{ReportMessage, ReportRecord};
pub use crate::store::conversations::writing::NewConversation;
pub use crate::store::face::StoredFace;
pub use crate::store::face::images::{ImageFile, ImageRow};
pub use crate::store::face::pages::{NewPage, PageRow, PageText};
pub use crate::store::items::changed_items::ChangedItems;
pub use crate::store::items::edits::{Edit, Edited, NewUrl};
pub use crate::store::items::item::{CommentResult, KnownUrl, NewComment, NewStory, Submission};
pub use crate::store::items::lists::{DeadFilter, ItemCursor};
pub use crate::store::items::threads::{Marks, Visit};
pub use crate::store::mail::best_of::{BestOfFor, ForBestOf};
pub use crate::store::mail::inbox_digests::{DigestFor, DigestRow, DueDigests, PreparedMail};
pub use crate::store::mail::links::MailLink;
pub use crate::store::mail::mailboxes::MailboxRow;
pub use crate::store::mail::queue::{ClaimedMail, MailId, QueueLength, RefusedMail};
pub use crate::store::mail::readers::MailReader;
pub use crate::store::moderation::actions::Revision;
pub use crate::store::moderation::approvals::MAX_DECIDED;
pub use crate::store::moderation::log::{LogFilter, LogRow};
pub use crate::store::moderation::log_entry::ActionContext;
pub use crate::store::moderation::queue::{Duplicate, NewAccount, Queued};
pub use crate::store::moderation::roles::{ModeratorName, TeamMember};
pub use crate::store::moderation::rules::{RuleRow, RuleSubject};
pub use crate::store::moderation::sanctions::{LastPost, NewBan, Note};
pub use crate::store::moderation::sites::{RestrictedSite, SiteStory};
pub use crate::store::votes::flags::{FlagWithAuthor, MemberFlag, NewFlag, OwnFlag};
