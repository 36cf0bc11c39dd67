//! Requests that are refused before a handler sees them.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;

/// Why a request is refused whatever it asks for; it goes with the request to the layer that answers by a page.
#[derive(Debug, Clone, Copy)]
pub enum Refusal {
    /// It does not say in one way which site it is for.
    Host,
    /// Every row of a list says where it stands, several times over: an address without end would be a page without end.
    TooLong,
    /// There is no memory for the response.
    Overloaded,
}

/// Answers a request by the page of a refusal.
pub async fn refuse(mut request: Request, next: Next, why: Refusal) -> Response {
    request.extensions_mut().insert(why);
    next.run(request).await
}
