//! Errors as a status and a helpful sentence. An invalid form is not an error: it is shown again.

use std::fmt::{self, Debug, Display};

use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use http::header::RETRY_AFTER;

use crate::domain::items::item::Visibility;
use crate::domain::limits::rate_limits::{RateLimitReason, RateLimited};
use crate::domain::moderation::post_status;
use crate::store;

#[derive(Debug)]
pub enum Error {
    NotFound,
    Gone,
    /// Dead, and this viewer does not see dead items.
    Dead,
    Forbidden(String),
    /// Members only; redirects to the log-in page and back to this address.
    LogInFirst(String),
    /// For members who are not banned; redirects to the page that says why they are.
    Banned,
    Moved(String),
    /// Moved, and it may move back.
    Renamed(String),
    SessionEnded,
    Bad(String),
    /// Already done, or another write came first.
    Conflict(String),
    RateLimited(RateLimited),
    /// Overloaded.
    Busy,
    /// The database cannot be written, and why; nothing was saved.
    Unsaved(String),
    /// The database cannot be read.
    Unread,
    Internal,
}

/// Response extension: why nothing was saved, for the log.
#[derive(Debug, Clone)]
pub struct StorageFailed(pub String);

/// Response extension: the site had no time or no room for the request, so it may be sent again.
#[derive(Debug, Clone, Copy)]
pub struct NoTime;

/// Response extension: a refusal for machines, sent without an error page.
#[derive(Debug, Clone, Copy)]
pub struct ForMachines;

/// Response extension: what admins upload, for which no script of this site may be run.
#[derive(Debug, Clone, Copy)]
pub struct Sandboxed;

/// Response extension: the text of the error page, rendered by a middleware.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorText {
    pub title: &'static str,
    pub what: String,
}

impl Error {
    /// `Retry-After` of an overloaded site, in seconds.
    pub const RETRY: u64 = 2;

    /// Logs the cause and hides it from the page.
    pub fn internal(cause: impl Debug) -> Error {
        tracing::error!(?cause, "a request failed");
        Error::Internal
    }

    pub fn bad(sentence: impl Display) -> Error {
        Error::Bad(sentence.to_string())
    }

    pub fn forbidden(sentence: impl Display) -> Error {
        Error::Forbidden(sentence.to_string())
    }

    pub fn unless_shown(sight: Visibility) -> Result<(), Error> {
        match sight {
            Visibility::Whole | Visibility::Dead(_) => Ok(()),
            Visibility::Deleted => Err(Error::Gone),
            Visibility::Hidden | Visibility::NotFound => Err(Error::NotFound),
        }
    }

    pub fn status(&self) -> StatusCode {
        match self {
            Error::NotFound => StatusCode::NOT_FOUND,
            Error::Gone => StatusCode::GONE,
            Error::Forbidden(_) | Error::Dead => StatusCode::FORBIDDEN,
            Error::LogInFirst(_) | Error::Banned => StatusCode::SEE_OTHER,
            Error::Moved(_) => StatusCode::PERMANENT_REDIRECT,
            Error::Renamed(_) => StatusCode::TEMPORARY_REDIRECT,
            Error::SessionEnded => StatusCode::UNAUTHORIZED,
            Error::Bad(_) => StatusCode::BAD_REQUEST,
            Error::Conflict(_) => StatusCode::CONFLICT,
            Error::RateLimited(limited) => status_of(limited),
            Error::Busy | Error::Unsaved(_) | Error::Unread => StatusCode::SERVICE_UNAVAILABLE,
            Error::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Forbidden(what) | Error::Bad(what) | Error::Conflict(what) => f.write_str(what),
            Error::Dead => write!(f, "{} {}", post_status::KILLED_BY_SOMEBODY, post_status::READABLE),
            Error::Unsaved(_) => f.write_str(UNSAVED),
            Error::Unread => f.write_str(UNREAD),
            Error::RateLimited(limited) => write!(f, "{limited}"),
            other => f.write_str(&ErrorText::of(other.status()).what),
        }
    }
}

impl From<RateLimited> for Error {
    fn from(held: RateLimited) -> Error {
        Error::RateLimited(held)
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Error {
        match error {
            store::Error::NotFound => Error::NotFound,
            store::Error::Conflict => Error::Conflict(
                "This has already been done, or someone changed it at the same time. Go back and check."
                    .to_owned(),
            ),
            store::Error::Refused(why) => Error::Forbidden(why),
            store::Error::Busy => Error::Busy,
            store::Error::Storage(cause) => Error::Unsaved(cause.to_string()),
            store::Error::Other(cause) => Error::internal(cause),
        }
    }
}

impl From<std::sync::Arc<store::Error>> for Error {
    fn from(error: std::sync::Arc<store::Error>) -> Error {
        match &*error {
            store::Error::NotFound => Error::NotFound,
            store::Error::Busy => Error::Busy,
            store::Error::Storage(cause) => Error::Unsaved(cause.to_string()),
            store::Error::Conflict | store::Error::Refused(_) | store::Error::Other(_) => {
                Error::internal(error)
            }
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let status = self.status();
        let mut response = status.into_response();
        let wait = match &self {
            Error::LogInFirst(address) => return Redirect::to(address).into_response(),
            Error::Banned => return Redirect::to("/banned").into_response(),
            Error::Moved(address) => return Redirect::permanent(address).into_response(),
            Error::Renamed(address) => return Redirect::temporary(address).into_response(),
            Error::RateLimited(held) => held.wait,
            Error::Busy => Some(Error::RETRY),
            Error::Unsaved(_) | Error::Unread => Some(60),
            _ => None,
        };
        if let Some(seconds) = wait {
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        let title = match self {
            Error::Dead => "Dead",
            Error::Unsaved(_) => "Not saved",
            Error::Unread => "Not readable",
            _ => ErrorText::of(status).title,
        };
        response.extensions_mut().insert(ErrorText { title, what: self.to_string() });
        match self {
            Error::Unsaved(cause) => drop(response.extensions_mut().insert(StorageFailed(cause))),
            Error::Busy => drop(response.extensions_mut().insert(NoTime)),
            _ => {}
        }
        response
    }
}

const UNSAVED: &str = "The forum cannot save anything at the moment. Please try again in a few minutes.";
const UNREAD: &str = "The forum cannot read this at the moment. Please try again in a few minutes.";

pub fn status_of(limited: &RateLimited) -> StatusCode {
    match (limited.wait, limited.why) {
        (Some(_), _) => StatusCode::TOO_MANY_REQUESTS,
        (None, RateLimitReason::Links { .. }) => StatusCode::UNPROCESSABLE_ENTITY,
        (None, _) => StatusCode::FORBIDDEN,
    }
}

impl ErrorText {
    /// For a form whose target does not exist.
    pub fn no_target() -> ErrorText {
        let what = "The post or page this was meant for does not exist, or has been deleted.";
        ErrorText { title: "Nothing here", what: what.to_owned() }
    }

    /// Whether it is the usual text of an address with nothing there.
    pub fn says_nothing_is_here(&self) -> bool {
        [StatusCode::NOT_FOUND, StatusCode::GONE].into_iter().any(|status| *self == ErrorText::of(status))
    }

    /// The text for a status without a specific error.
    pub fn of(status: StatusCode) -> ErrorText {
        let (title, what) = match status {
            StatusCode::NOT_FOUND => (
                "Nothing here",
                "There is nothing at this address. The address may be mistyped, or the page may never have \
                 existed.",
            ),
            StatusCode::GONE => ("Deleted", "The author deleted this."),
            StatusCode::UNAUTHORIZED => {
                ("Log in first", "You are no longer logged in. Log in and try again.")
            }
            StatusCode::FORBIDDEN => (
                "Not allowed",
                "This request came from another site, so nothing was done. If that was you, open the page \
                 here and try again.",
            ),
            StatusCode::CONFLICT => ("Nothing changed", "This has already been done."),
            StatusCode::METHOD_NOT_ALLOWED => {
                ("Wrong method", "This address does not accept that kind of request.")
            }
            StatusCode::PAYLOAD_TOO_LARGE => {
                ("Too large", "That is more than this site accepts at once. Please shorten it.")
            }
            StatusCode::URI_TOO_LONG => ("Too long", "That address is too long."),
            StatusCode::TOO_MANY_REQUESTS => ("Too many requests", "Please wait a moment and try again."),
            StatusCode::REQUEST_TIMEOUT => {
                ("Too slow", "The request took too long to arrive. Please try again.")
            }
            StatusCode::SERVICE_UNAVAILABLE => {
                ("Busy", "The site is very busy right now. Please try again in a few seconds.")
            }
            status if status.is_server_error() => (
                "Something broke",
                "That is our fault, not yours. The error has been logged; please try again.",
            ),
            _ => ("That did not work", "The request could not be understood."),
        };
        ErrorText { title, what: what.to_owned() }
    }
}
