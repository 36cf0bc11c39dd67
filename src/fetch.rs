//! Guarded HTTP client for all outgoing requests: public addresses and standard ports only, five seconds, 512
//! KB, no user data.

mod address;
mod charset;
mod page;

use std::error::Error as StdError;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use ::url::{Host, Url};
pub use address::is_public;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, LOCATION};
use reqwest::{Client, ClientBuilder, Response, redirect, retry};
use tokio::sync::Semaphore;

use crate::domain::url::{StoryUrl, UrlError};
use crate::fetch::page::Reading;

const MAX_REDIRECTS: usize = 3;

/// Concurrent requests; others wait within their deadline.
const AT_ONCE: usize = 8;

#[derive(Clone)]
pub struct Fetcher {
    client: Client,
    rules: FetchPolicy,
    slots: Arc<Semaphore>,
}

/// Allowed targets and limits. The default is for the internet; tests allow loopback.
#[derive(Clone)]
pub struct FetchPolicy {
    pub address: fn(IpAddr) -> bool,
    pub port: fn(u16) -> bool,
    /// DNS. Results are checked, and connections use the checked addresses.
    pub names: Arc<dyn Resolve>,
    /// Includes DNS, connecting, redirects and reading.
    pub deadline: Duration,
    /// Maximum bytes read, after decompression.
    pub bytes: usize,
}

impl Default for FetchPolicy {
    fn default() -> FetchPolicy {
        FetchPolicy {
            address: is_public,
            port: |port| matches!(port, 80 | 443),
            names: Arc::new(SystemResolver),
            deadline: Duration::from_secs(5),
            bytes: 512 * 1024,
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    #[error("{0}")]
    Address(#[source] UrlError),
    #[error("That address is not on the public internet, so Stoa does not fetch it.")]
    NotPublic,
    #[error("That address uses an unusual port, so Stoa does not fetch it: only 80 and 443 are.")]
    Port,
    #[error("That page redirects too many times.")]
    Redirects,
    #[error("That site took too long to answer.")]
    Slow,
    #[error("That site could not be reached.")]
    Unreachable(#[source] reqwest::Error),
    #[error("That site returned error {0}.")]
    Status(u16),
    #[error("That address is not a web page.")]
    NotHtml,
    #[error("That page has no readable title.")]
    NoTitle,
}

impl Fetcher {
    /// `user_agent` should name the product, version and a contact. Fails if it is not a valid header.
    pub fn new(user_agent: &str) -> Result<Fetcher, reqwest::Error> {
        Fetcher::within(FetchPolicy::default(), user_agent)
    }

    pub fn within(rules: FetchPolicy, user_agent: &str) -> Result<Fetcher, reqwest::Error> {
        // reqwest panics without a process-wide crypto provider; a second installation is ignored.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = builder(&rules, user_agent).build().or_else(|error| {
            // Without system certificates only plain HTTP works; no bundled authorities are trusted instead.
            tracing::warn!(%error, "no certificates found on this machine, so titles of https pages cannot \
                                    be read");
            builder(&rules, user_agent).tls_certs_only([]).build()
        })?;
        Ok(Fetcher { client, rules, slots: Arc::new(Semaphore::new(AT_ONCE)) })
    }

    /// The page's `og:title`, else its `<title>`, as a valid story title.
    pub async fn title(&self, url: &str) -> Result<String, FetchError> {
        tokio::time::timeout(self.rules.deadline, self.read_title(url)).await.unwrap_or(Err(FetchError::Slow))
    }

    async fn read_title(&self, url: &str) -> Result<String, FetchError> {
        // The semaphore is never closed.
        let _slot = self.slots.acquire().await;
        let response = self.get(url).await?;
        if !response.status().is_success() {
            return Err(FetchError::Status(response.status().as_u16()));
        }
        let content_type = content_type(response.headers()).to_owned();
        if !is_html(&content_type) {
            return Err(FetchError::NotHtml);
        }
        self.page(response).await?.title(&content_type).ok_or(FetchError::NoTitle)
    }

    async fn get(&self, url: &str) -> Result<Response, FetchError> {
        let mut target = self.admit(url)?;
        for _ in 0..=MAX_REDIRECTS {
            let request = self.client.get(target.clone()).header(ACCEPT, "text/html,application/xhtml+xml");
            let response = request.send().await.map_err(FetchError::of)?;
            let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
            let Some(location) = location.filter(|_| response.status().is_redirection()) else {
                return Ok(response);
            };
            let next = target.join(location).map_err(|_| FetchError::Address(UrlError::Malformed))?;
            target = self.admit(next.as_str())?;
        }
        Err(FetchError::Redirects)
    }

    /// Checks a URL; host names are checked on resolution, in [`PublicOnlyResolver`].
    fn admit(&self, url: &str) -> Result<Url, FetchError> {
        let url = StoryUrl::parse(url).map_err(FetchError::Address)?.url().clone();
        if !url.port_or_known_default().is_some_and(self.rules.port) {
            return Err(FetchError::Port);
        }
        let public = match url.host() {
            Some(Host::Ipv4(ip)) => (self.rules.address)(ip.into()),
            Some(Host::Ipv6(ip)) => (self.rules.address)(ip.into()),
            Some(Host::Domain(_)) => true,
            None => false,
        };
        if public { Ok(url) } else { Err(FetchError::NotPublic) }
    }

    async fn page(&self, mut response: Response) -> Result<Reading, FetchError> {
        let mut page = Reading::new(self.rules.bytes);
        while let Some(chunk) = response.chunk().await.map_err(FetchError::of)? {
            if page.push(&chunk) {
                break;
            }
        }
        Ok(page)
    }
}

impl FetchError {
    fn of(error: reqwest::Error) -> FetchError {
        let mut cause: Option<&(dyn StdError + 'static)> = Some(&error);
        while let Some(inner) = cause {
            if inner.is::<NotPublic>() {
                return FetchError::NotPublic;
            }
            cause = inner.source();
        }
        FetchError::Unreachable(error)
    }
}

fn builder(rules: &FetchPolicy, user_agent: &str) -> ClientBuilder {
    let names = PublicOnlyResolver { names: rules.names.clone(), address: rules.address };
    Client::builder()
        .user_agent(user_agent)
        .dns_resolver(names)
        // A proxy would resolve names itself and bypass the guard.
        .no_proxy()
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .pool_max_idle_per_host(0)
}

fn content_type(headers: &HeaderMap) -> &str {
    headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn is_html(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default().trim();
    ["text/html", "application/xhtml+xml"].iter().any(|html| kind.eq_ignore_ascii_case(html))
}

struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let found: Addrs = Box::new(found.collect::<Vec<_>>().into_iter());
            Ok(found)
        })
    }
}

/// Resolves a name once and returns only allowed addresses, to which the connection is made: this prevents
/// DNS rebinding.
struct PublicOnlyResolver {
    names: Arc<dyn Resolve>,
    address: fn(IpAddr) -> bool,
}

#[derive(Debug, thiserror::Error)]
#[error("the name has no public address")]
struct NotPublic;

impl Resolve for PublicOnlyResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (found, address) = (self.names.resolve(name), self.address);
        Box::pin(async move {
            let public: Vec<_> = found.await?.filter(|found| address(found.ip())).collect();
            if public.is_empty() {
                return Err(NotPublic.into());
            }
            let public: Addrs = Box::new(public.into_iter());
            Ok(public)
        })
    }
}
