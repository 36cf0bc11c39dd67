//! Requests that are refused before a handler sees them.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;

/// Why a request is refused regardless of its route; carried to the middleware that renders the error page.
#[derive(Debug, Clone, Copy)]
pub enum Refusal {
    /// The Host header is missing or ambiguous.
    Host,
    /// The URL is too long. List rows repeat it, so a long one would make a very long page.
    TooLong,
    Overloaded,
}

pub async fn refuse(mut request: Request, next: Next, why: Refusal) -> Response {
    request.extensions_mut().insert(why);
    next.run(request).await
}
