//! Where a request came from, as far as that is kept.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::request::Parts;

use crate::domain::origin::Origin;
use crate::web::client_ip::ClientIp;
use crate::web::state::App;

impl FromRequestParts<App> for Origin {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Origin, Infallible> {
        let address = ClientIp::from_request_parts(parts, app).await?;
        Ok(app.store.origin_key().origin(address.ip()))
    }
}
