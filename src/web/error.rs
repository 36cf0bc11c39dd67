//! What goes wrong, as a status and a sentence that helps. A wrong form is not an error: the form is shown
//! again, with what was typed.

use std::fmt::{self, Debug, Display};

use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use http::header::RETRY_AFTER;

use crate::domain::items::item::Visibility;
use crate::domain::limits::rate_limits::{RateLimitReason, RateLimited};
use crate::domain::moderation::post_status;
use crate::store;

#[derive(Debug, Clone)]
pub enum Error {
    NotFound,
    /// It was here, and its author deleted it.
    Gone,
    /// It is dead, and whoever asks does not see what is.
    OutOfSight,
    /// The sentence says why not.
    Forbidden(String),
    /// Only for members: the way leads over the log-in page at this address, and back.
    LogInFirst(String),
    /// It has another address for good.
    Moved(String),
    /// Their session ended while they wrote.
    SessionEnded,
    /// The sentence says what is wrong with the request.
    Bad(String),
    /// It is so already, or somebody was first. The sentence says what is known of that.
    Conflict(String),
    /// A rate limit was reached.
    RateLimited(RateLimited),
    /// The site is too busy for this just now.
    Busy,
    /// The disk fails, or what else the database lies on, and why: what was sent is not saved.
    Unsaved(String),
    /// It fails for what was asked for.
    Unread,
    Internal,
}

/// Carried beside the status of what was not saved: why not, for the log.
#[derive(Debug, Clone)]
pub struct StorageFailed(pub String);

/// Carried beside the status of what there was no time for.
#[derive(Debug, Clone, Copy)]
pub struct NoTime;

/// Carried beside the status of a refusal that is for machines and stays as it is.
#[derive(Debug, Clone, Copy)]
pub struct ForMachines;

/// What the error page says; carried beside the status to the layer that renders it.
#[derive(Debug, Clone)]
pub struct ErrorText {
    pub title: &'static str,
    pub what: String,
}

impl Error {
    /// After how many seconds a busy site is worth another try.
    pub const RETRY: u64 = 2;

    /// Logs what happened and keeps it from the page.
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

    /// Refuses what the viewer is not shown.
    pub fn unless_shown(sight: Visibility) -> Result<(), Error> {
        match sight {
            Visibility::Whole | Visibility::Dead(_) => Ok(()),
            Visibility::Deleted => Err(Error::Gone),
            Visibility::Hidden | Visibility::Absent => Err(Error::NotFound),
        }
    }

    pub fn status(&self) -> StatusCode {
        match self {
            Error::NotFound => StatusCode::NOT_FOUND,
            Error::Gone => StatusCode::GONE,
            Error::Forbidden(_) | Error::OutOfSight => StatusCode::FORBIDDEN,
            Error::LogInFirst(_) => StatusCode::SEE_OTHER,
            Error::Moved(_) => StatusCode::PERMANENT_REDIRECT,
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
    /// The sentence that the page of the refusal says.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Forbidden(what) | Error::Bad(what) | Error::Conflict(what) => f.write_str(what),
            Error::OutOfSight => write!(f, "{} {}", post_status::KILLED_BY_SOMEBODY, post_status::READABLE),
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
            Error::Moved(address) => return Redirect::permanent(address).into_response(),
            Error::RateLimited(held) => held.wait,
            Error::Busy => Some(Error::RETRY),
            Error::Unsaved(_) | Error::Unread => Some(60),
            _ => None,
        };
        if let Some(seconds) = wait {
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        let title = match self {
            Error::OutOfSight => "Dead",
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

/// The status of a rate limited response.
pub fn status_of(limited: &RateLimited) -> StatusCode {
    match (limited.wait, limited.why) {
        (Some(_), _) => StatusCode::TOO_MANY_REQUESTS,
        (None, RateLimitReason::Links { .. }) => StatusCode::UNPROCESSABLE_ENTITY,
        (None, _) => StatusCode::FORBIDDEN,
    }
}

impl ErrorText {
    /// The words for a status of which nothing else is known, such as the refusal of a layer.
    pub fn of(status: StatusCode) -> ErrorText {
        let (title, what) = match status {
            StatusCode::NOT_FOUND => (
                "Nothing here",
                "There is nothing at this address. The address may be mistyped, or the page may never have existed.",
            ),
            StatusCode::GONE => ("Deleted", "The author deleted this."),
            StatusCode::UNAUTHORIZED => ("Log in first", "You are not logged in any more."),
            StatusCode::FORBIDDEN => (
                "Not allowed",
                "This request came from another site, so nothing was done. If that was you, open the page here and try again.",
            ),
            StatusCode::CONFLICT => ("Nothing changed", "This has already been done."),
            StatusCode::METHOD_NOT_ALLOWED => {
                ("Wrong method", "This address does not accept that kind of request.")
            }
            StatusCode::PAYLOAD_TOO_LARGE => {
                ("Too large", "That is more than this site accepts at once. Please shorten it.")
            }
            StatusCode::URI_TOO_LONG => ("Too long", "That address is too long."),
            StatusCode::TOO_MANY_REQUESTS => ("Slow down a little", "Please wait a moment and try again."),
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
