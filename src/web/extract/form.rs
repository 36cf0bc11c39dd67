//! Form extraction and validation errors.

use std::fmt::Display;

use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::RETRY_AFTER;
use serde::de::DeserializeOwned;

use crate::domain::limits::rate_limits::RateLimited;
use crate::web::error::Error;
use crate::web::rate_limit;
use crate::web::state::App;

/// A posted form; unknown fields are ignored.
pub struct Form<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for Form<T> {
    type Rejection = Response;

    async fn from_request(request: Request, app: &App) -> Result<Form<T>, Response> {
        #[expect(clippy::disallowed_types, reason = "this is the twin that the others are to use")]
        let form = axum::extract::Form::<T>::from_request(request, app).await;
        match form {
            Ok(form) => Ok(Form(form.0)),
            Err(rejection) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => {
                Err(StatusCode::PAYLOAD_TOO_LARGE.into_response())
            }
            Err(_) => {
                let sentence = "The form could not be read. Go back, reload the page and send it again.";
                Err(Error::bad(sentence).into_response())
            }
        }
    }
}

/// Validation errors, each with its field or `None` for the whole form.
#[derive(Debug, Clone, Default)]
pub struct FormErrors {
    list: Vec<(&'static str, String)>,
    /// Nothing to correct; the member only has to wait.
    waits: bool,
}

impl FormErrors {
    pub fn one(field: &'static str, sentence: impl Display) -> FormErrors {
        let mut mistakes = FormErrors::default();
        mistakes.add(field, sentence);
        mistakes
    }

    pub fn rate_limited(rate_limited: &RateLimited, sentence: impl Display) -> FormErrors {
        FormErrors { waits: !rate_limited.is_fixable(), ..FormErrors::one("", sentence) }
    }

    /// The same with the sentence for a form that keeps what was typed.
    pub fn of_limit(limited: &RateLimited) -> FormErrors {
        FormErrors::rate_limited(limited, limited.form_message())
    }

    pub fn busy() -> FormErrors {
        FormErrors { waits: true, ..FormErrors::one("", Error::Busy) }
    }

    pub fn heading(&self) -> String {
        match self.len() {
            _ if self.waits => "Not sent yet".to_owned(),
            1 => "Please fix one thing".to_owned(),
            many => format!("Please fix {many} things"),
        }
    }

    pub fn add(&mut self, field: &'static str, sentence: impl Display) {
        self.list.push((field, sentence.to_string()));
    }

    pub fn check<T, E: Display>(&mut self, field: &'static str, result: Result<T, E>) -> Option<T> {
        result.map_err(|e| self.add(field, e)).ok()
    }

    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether the errors are listed above the form: several, or one that is of no field.
    pub fn is_summed_up(&self) -> bool {
        self.len() > 1 || self.list.iter().any(|(field, _)| field.is_empty())
    }

    pub fn len(&self) -> usize {
        self.list.len()
    }

    pub fn list(&self) -> &[(&'static str, String)] {
        &self.list
    }

    pub fn has(&self, field: &str) -> bool {
        self.on(field).is_some()
    }

    pub fn on(&self, field: &str) -> Option<&str> {
        self.list.iter().find(|(name, _)| *name == field).map(|(_, sentence)| sentence.as_str())
    }

    pub fn status(&self) -> StatusCode {
        if self.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY }
    }
}

#[derive(Debug)]
pub enum FormRefusal {
    Invalid(FormErrors),
    Error(Error),
}

impl From<FormErrors> for FormRefusal {
    fn from(mistakes: FormErrors) -> FormRefusal {
        FormRefusal::Invalid(mistakes)
    }
}

impl<E: Into<Error>> From<E> for FormRefusal {
    fn from(error: E) -> FormRefusal {
        FormRefusal::Error(error.into())
    }
}

/// Answers a refusal with the form again.
pub async fn refused<F>(refusal: FormRefusal, form: impl FnOnce(FormErrors) -> F) -> Result<Response, Error>
where
    F: Future<Output = Result<Response, Error>>,
{
    match refusal {
        FormRefusal::Invalid(errors) => form(errors).await,
        FormRefusal::Error(Error::RateLimited(held)) => {
            let form = form(FormErrors::rate_limited(&held, &held)).await?;
            Ok(rate_limit::with_status(form, &held))
        }
        FormRefusal::Error(Error::Busy) => form(FormErrors::busy()).await.map(busy),
        FormRefusal::Error(error) => Err(error),
    }
}

pub fn busy(mut form: Response) -> Response {
    *form.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    form.headers_mut().insert(RETRY_AFTER, Error::RETRY.into());
    form
}
