//! The one way out: every request that the server makes to the web at somebody's word goes through this guard. It reaches public
//! addresses only, by http or https on their usual ports, for five seconds and 512 KB, and brings nothing along that could
//! identify a person.

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

/// How many requests are under way at once; others wait, within their own time.
const AT_ONCE: usize = 8;

/// Fetches pages for the server, within [`Rules`]. Cheap to clone; clones share the count of requests under way.
#[derive(Clone)]
pub struct Fetcher {
    client: Client,
    rules: FetchPolicy,
    slots: Arc<Semaphore>,
}

/// What may be reached, and how much of it. The default is the rule for the open internet; another is for tests, which serve on
/// this machine.
#[derive(Clone)]
pub struct FetchPolicy {
    /// Whether an address may be connected to.
    pub address: fn(IpAddr) -> bool,
    /// Whether a port may.
    pub port: fn(u16) -> bool,
    /// Where names are looked up. What it answers is checked, and the connection goes to what was checked.
    pub names: Arc<dyn Resolve>,
    /// The time for all of it: looking up, connecting, redirects, reading.
    pub deadline: Duration,
    /// How much of a page is read, in bytes after decompression; what follows is left unread.
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

/// Why nothing was fetched. The sentence is what the person reads; the cause beneath it, where there is one, is for the log.
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
    /// A fetcher for the open internet. `user_agent` is what sites are told of us: name, version, and where to complain.
    /// Fails where that holds what a header cannot.
    pub fn new(user_agent: &str) -> Result<Fetcher, reqwest::Error> {
        Fetcher::within(FetchPolicy::default(), user_agent)
    }

    /// A fetcher within rules of one's own.
    pub fn within(rules: FetchPolicy, user_agent: &str) -> Result<Fetcher, reqwest::Error> {
        // reqwest takes its cryptography from the process and panics without; installed twice, the first stays.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = builder(&rules, user_agent).build().or_else(|error| {
            // A machine without certificates of its own can still read plain pages, and no other authority is trusted in their place.
            tracing::warn!(%error, "no certificates found on this machine, so titles of https pages cannot be read");
            builder(&rules, user_agent).tls_certs_only([]).build()
        })?;
        Ok(Fetcher { client, rules, slots: Arc::new(Semaphore::new(AT_ONCE)) })
    }

    /// The title of the page at an address, as it could stand in the title field: its `og:title`, else its `<title>`, at most 80
    /// characters, cut at a word.
    pub async fn title(&self, url: &str) -> Result<String, FetchError> {
        tokio::time::timeout(self.rules.deadline, self.read_title(url)).await.unwrap_or(Err(FetchError::Slow))
    }

    async fn read_title(&self, url: &str) -> Result<String, FetchError> {
        // The semaphore is never closed; were it, requests would only no longer be counted.
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

    /// Asks for an address and follows where it sends us, each step checked as the first.
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

    /// Checks what an address itself tells. A host that is a name is checked when it is looked up, in [`Guarded`].
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

    /// As much of a page as a title needs.
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
        // A proxy would look names up itself, behind the guard.
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

/// The system's own look-up of names.
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

/// Looks a name up once and hands on only what may be reached. The connection goes to one of these very addresses, so that a name
/// cannot mean a public one when it is checked and a private one when it is used.
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
