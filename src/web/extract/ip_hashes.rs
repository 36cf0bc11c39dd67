//! Keyed hashes of the client's IP address.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::request::Parts;

use crate::domain::accounts::ip_hash::IpHashes;
use crate::web::extract::client_ip::ClientIp;
use crate::web::state::App;

impl FromRequestParts<App> for IpHashes {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<IpHashes, Infallible> {
        let address = ClientIp::from_request_parts(parts, app).await?;
        Ok(app.store.ip_hash_key().hashes(address.ip()))
    }
}
