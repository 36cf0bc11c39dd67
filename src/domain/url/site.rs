use ::url::Host;

use super::{StoryUrl, is_www, main_host, unescaped};

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct StorySite {
    /// Displayed and listed under `/from/`: `bbc.co.uk`, `someone.github.io`, `github.com/rust-lang`. Lower
    /// case; punycode is not decoded, against homographs.
    pub name: String,
    pub domain: String,
}

/// Domains with a subdomain per user that are missing in the public suffix list.
const HOSTS_OF_NAMES: &[&str] = &[
    "bandcamp.com",
    "livejournal.com",
    "medium.com",
    "posthaven.com",
    "posterous.com",
    "stackexchange.com",
    "substack.com",
    "tumblr.com",
    "typepad.com",
    "wordpress.com",
];

/// How a shared host's paths name the user.
enum Owner {
    /// The first segment, unless reserved or with a dot: `github.com/rust-lang`.
    First,
    /// A first segment with this prefix: `sr.ht/~user`.
    Marked(char),
    /// The second segment after this one: `reddit.com/r/rust`.
    Under(&'static str),
}

/// Hosts without `www.`, the displayed name, and the user's position.
const SHARED: &[(&str, &str, Owner)] = &[
    ("github.com", "github.com", Owner::First),
    ("gist.github.com", "github.com", Owner::First),
    ("gitlab.com", "gitlab.com", Owner::First),
    ("codeberg.org", "codeberg.org", Owner::First),
    ("bitbucket.org", "bitbucket.org", Owner::First),
    ("huggingface.co", "huggingface.co", Owner::First),
    ("sr.ht", "sr.ht", Owner::Marked('~')),
    ("git.sr.ht", "sr.ht", Owner::Marked('~')),
    ("hg.sr.ht", "sr.ht", Owner::Marked('~')),
    ("lists.sr.ht", "sr.ht", Owner::Marked('~')),
    ("todo.sr.ht", "sr.ht", Owner::Marked('~')),
    ("x.com", "x.com", Owner::First),
    ("medium.com", "medium.com", Owner::First),
    ("dev.to", "dev.to", Owner::First),
    ("mastodon.social", "mastodon.social", Owner::Marked('@')),
    ("substack.com", "substack.com", Owner::Marked('@')),
    ("youtube.com", "youtube.com", Owner::Marked('@')),
    ("reddit.com", "reddit.com", Owner::Under("r")),
];

/// First path segments of shared hosts that are not users.
#[rustfmt::skip]
const RESERVED: &[&str] = &[
    "about", "account", "api", "apps", "articles", "blog", "brand", "careers", "changelog", "collections",
    "company", "contact", "customer-stories", "dashboard", "datasets", "developers", "docs", "download",
    "enterprise", "events", "explore", "faq", "features", "groups", "hashtag", "help", "home", "i", "intent",
    "issues", "jobs", "join", "learn", "legal", "listen", "login", "logout", "m", "marketplace", "me",
    "models", "new", "news", "nonprofit", "notifications", "orgs", "p", "papers", "podcasts", "posts",
    "press", "pricing", "privacy", "product", "products", "pulls", "readme", "repo", "resources", "search",
    "security", "settings", "share", "signin", "signup", "site", "sitemap", "solutions", "spaces", "sponsors",
    "stars", "status", "support", "t", "tag", "tags", "tasks", "team", "teams", "terms", "topic", "topics",
    "tos", "tour", "trending", "users", "videos", "whats-new", "why-github", "-",
];

pub(super) fn of(story: &StoryUrl) -> StorySite {
    let host = main_host(story.bare_host());
    // Subdomains of a renamed domain belong to the new name.
    let domain = match story.url().host() {
        Some(Host::Domain(_)) => main_host(registrable(&host)),
        _ => host.clone(),
    };
    // Compares the whole host, so that evilgithub.com and github.com.evil.example are not github.com.
    let name = SHARED
        .iter()
        .find(|(shared, ..)| *shared == host)
        .and_then(|(_, shown, owner)| Some(format!("{shown}/{}", owner.of(&unescaped(story.url().path()))?)))
        .unwrap_or_else(|| domain.to_string());
    StorySite { name, domain: domain.into() }
}

fn registrable(host: &str) -> &str {
    let domain = psl::domain_str(host).unwrap_or(host);
    if !is_host_of_names(domain) {
        return domain;
    }
    let names = host.strip_suffix(domain).unwrap_or_default().trim_end_matches('.');
    let own = names.rsplit('.').next().unwrap_or_default();
    let longer = if own.is_empty() || is_www(own) { 0 } else { own.len() + 1 };
    host.get(host.len() - domain.len() - longer..).unwrap_or(domain)
}

pub fn is_host_of_names(host: &str) -> bool {
    HOSTS_OF_NAMES.contains(&host)
}

pub fn is_shared_host(host: &str) -> bool {
    let host = main_host(host);
    SHARED.iter().any(|(shared, ..)| *shared == host)
}

/// Whether a host is, or is below, a name that somebody can have: not a suffix like `co.uk`.
pub fn is_registered(host: &str) -> bool {
    psl::domain_str(host).is_some()
}

/// Normalises the parameter of `/from/{site}`: `GitHub.com/Rust-Lang/` and
/// `https://www.github.com/rust-lang/rust` are both `github.com/rust-lang`.
pub fn from_param(param: &str) -> Option<String> {
    let url = match StoryUrl::parse(param) {
        Ok(url) => url,
        Err(_) => StoryUrl::parse(&format!("https://{}", param.trim())).ok()?,
    };
    Some(url.site().name)
}

impl Owner {
    /// The user in lower case; `None` for the host's own pages.
    fn of(&self, path: &str) -> Option<String> {
        let mut parts = path.trim_start_matches('/').split('/');
        let first = parts.next()?.to_ascii_lowercase();
        match self {
            Owner::First => (plain(&first) && !first.contains('.') && !RESERVED.contains(&first.as_str()))
                .then_some(first),
            Owner::Marked(mark) => first.strip_prefix(*mark).is_some_and(plain).then_some(first),
            Owner::Under(folder) if first == *folder => {
                let second = parts.next()?.to_ascii_lowercase();
                plain(&second).then(|| format!("{folder}/{second}"))
            }
            Owner::Under(_) => None,
        }
    }
}

fn plain(part: &str) -> bool {
    let letters = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'@');
    !part.is_empty() && part.len() <= 64 && part.bytes().all(letters)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_site_is_the_registrable_domain_and_the_owner_on_shared_hosts() {
        for (input, name, domain) in [
            ("https://www.example.com/a", "example.com", "example.com"),
            ("https://news.bbc.co.uk/x", "bbc.co.uk", "bbc.co.uk"),
            ("https://someone.github.io/post", "someone.github.io", "someone.github.io"),
            ("https://a.b.someone.github.io/", "someone.github.io", "someone.github.io"),
            ("https://someone.wordpress.com/2015/", "someone.wordpress.com", "someone.wordpress.com"),
            ("https://a.b.substack.com/p/1", "b.substack.com", "b.substack.com"),
            ("https://a.www.substack.com/p/1", "substack.com", "substack.com"),
            ("https://www.tumblr.com/explore", "tumblr.com", "tumblr.com"),
            ("https://eviltumblr.com/", "eviltumblr.com", "eviltumblr.com"),
            ("https://github.io/", "github.io", "github.io"),
            ("https://co.uk/", "co.uk", "co.uk"),
            ("https://github.com/rust-lang/rust", "github.com/rust-lang", "github.com"),
            ("https://www.GitHub.com/Rust-Lang/", "github.com/rust-lang", "github.com"),
            ("https://github.com./rust-lang", "github.com/rust-lang", "github.com"),
            ("https://gist.github.com/rust-lang/1", "github.com/rust-lang", "github.com"),
            ("https://github.com/", "github.com", "github.com"),
            ("https://github.com/features/actions", "github.com", "github.com"),
            ("https://github.com/About", "github.com", "github.com"),
            ("https://github.com/blog/1", "github.com", "github.com"),
            ("https://github.com/robots.txt", "github.com", "github.com"),
            ("https://github.com/%3Cb%3E/x", "github.com", "github.com"),
            ("https://docs.github.com/en", "github.com", "github.com"),
            ("https://evilgithub.com/rust-lang", "evilgithub.com", "evilgithub.com"),
            ("https://github.com.evil.example/rust-lang", "evil.example", "evil.example"),
            ("https://git.sr.ht/~sircmpwn/aerc", "sr.ht/~sircmpwn", "sr.ht"),
            ("https://sr.ht/projects", "sr.ht", "sr.ht"),
            ("https://x.com/Someone/status/1", "x.com/someone", "x.com"),
            ("https://x.com/i/web/status/1", "x.com", "x.com"),
            ("https://twitter.com/i/web/status/1", "x.com", "x.com"),
            ("https://twitter.com/Someone/status/1", "x.com/someone", "x.com"),
            ("https://mobile.twitter.com/someone", "x.com/someone", "x.com"),
            ("https://m.twitter.com/someone", "x.com/someone", "x.com"),
            ("https://analytics.twitter.com/someone", "x.com", "x.com"),
            ("https://mobile.x.com/%53omeone/status/1", "x.com/someone", "x.com"),
            ("https://twitter.com.evil.example/someone", "evil.example", "evil.example"),
            ("https://github.com/%73pammer/b", "github.com/spammer", "github.com"),
            ("https://github.com/%53%70%61%6D%6d%65%72", "github.com/spammer", "github.com"),
            ("https://github.com/%2573pammer/b", "github.com", "github.com"),
            ("https://github.com/fe%61tures/b", "github.com", "github.com"),
            ("https://medium.com/%40spammer/a", "medium.com/@spammer", "medium.com"),
            ("https://sr.ht/%7Esircmpwn", "sr.ht/~sircmpwn", "sr.ht"),
            ("https://m.reddit.com/%72/rust/comments/1", "reddit.com/r/rust", "reddit.com"),
            ("https://en.m.wikipedia.org/wiki/Stoa", "wikipedia.org", "wikipedia.org"),
            ("https://medium.com/@someone/post-1", "medium.com/@someone", "medium.com"),
            ("https://old.reddit.com/r/rust/comments/1", "reddit.com/r/rust", "reddit.com"),
            ("https://youtube.com/@someone", "youtube.com/@someone", "youtube.com"),
            ("https://youtube.com/watch?v=1", "youtube.com", "youtube.com"),
            ("http://192.0.2.7:8080/github.com", "192.0.2.7", "192.0.2.7"),
            ("http://0x7f000001/", "127.0.0.1", "127.0.0.1"),
            ("http://[2001:DB8::1]/", "[2001:db8::1]", "[2001:db8::1]"),
            ("http://wiki/page", "wiki", "wiki"),
            ("https://www.bücher.de/x", "xn--bcher-kva.de", "xn--bcher-kva.de"),
            ("https://www.食狮.公司.cn/", "xn--85x722f.xn--55qx5d.cn", "xn--85x722f.xn--55qx5d.cn"),
        ] {
            let site = StoryUrl::parse(input).unwrap().site();
            assert_eq!((site.name.as_str(), site.domain.as_str()), (name, domain), "{input}");
        }
    }

    #[test]
    fn a_site_is_found_however_its_address_is_typed() {
        for (param, name) in [
            ("example.com", Some("example.com")),
            ("EXAMPLE.com/", Some("example.com")),
            ("www.example.com", Some("example.com")),
            ("https://example.com/page", Some("example.com")),
            ("GitHub.com/Rust-Lang/", Some("github.com/rust-lang")),
            ("github.com/rust-lang", Some("github.com/rust-lang")),
            ("192.0.2.7", Some("192.0.2.7")),
            ("[2001:db8::1]", Some("[2001:db8::1]")),
            ("bücher.de", Some("xn--bcher-kva.de")),
            ("wiki", Some("wiki")),
            ("", None),
            ("/", None),
            ("a b", None),
            ("javascript:alert(1)", None),
        ] {
            assert_eq!(from_param(param).as_deref(), name, "{param:?}");
        }
    }

    proptest! {
        #[test]
        fn the_page_of_a_site_is_reached_by_its_name(
            host in "(www\\.)?([a-z]{1,6}\\.){1,3}[a-z]{2,3}|github\\.com|sr\\.ht|reddit\\.com",
            path in "(/[~@a-zA-Z0-9._%-]{0,9}){0,3}",
        ) {
            if let Ok(url) = StoryUrl::parse(&format!("https://{host}{path}")) {
                let name = url.site().name;
                prop_assert_eq!(from_param(&name), Some(name));
            }
        }
    }
}
