//! Path parameters. A value that does not parse is a 404, not a 400.

use axum::extract::FromRequestParts;
use http::request::Parts;
use serde::de::DeserializeOwned;

use crate::web::error::Error;
use crate::web::state::App;

pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<App> for Path<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Path<T>, Error> {
        #[expect(clippy::disallowed_types, reason = "this is the twin that the others are to use")]
        let path = axum::extract::Path::<T>::from_request_parts(parts, app).await;
        path.map(|path| Path(path.0)).map_err(|_| Error::NotFound)
    }
}
