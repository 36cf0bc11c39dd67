use proptest::prelude::*;

use super::*;

fn names_of(address: &str) -> Vec<String> {
    names(&StoryUrl::parse(address).unwrap_or_else(|e| panic!("{address}: {e}")))
}

#[test]
fn a_story_falls_under_its_host_and_the_hosts_above() {
    for (address, expected) in [
        ("https://example.com/a", &["example.com"][..]),
        ("https://www.example.com/a", &["example.com"]),
        ("https://WWW2.Example.COM./a", &["example.com"]),
        ("https://blog.example.com/", &["blog.example.com", "example.com"]),
        ("https://a.blog.example.co.uk/", &["a.blog.example.co.uk", "blog.example.co.uk", "example.co.uk"]),
        ("https://notexample.com/", &["notexample.com"]),
        ("https://example.com.evil.org/", &["example.com.evil.org", "com.evil.org", "evil.org"]),
        ("https://evil.org/example.com", &["evil.org"]),
        ("https://github.com/rust-lang/rust", &["github.com/rust-lang", "github.com"]),
        ("https://github.com/features", &["github.com"]),
        ("https://gist.github.com/rust-lang/1", &["github.com/rust-lang", "gist.github.com", "github.com"]),
        ("https://evilgithub.com/rust-lang", &["evilgithub.com"]),
        ("https://someone.github.io/post", &["someone.github.io", "github.io"]),
        ("https://github.io/", &["github.io"]),
        ("https://someone.wordpress.com/", &["someone.wordpress.com", "wordpress.com"]),
        ("https://medium.com/@someone/post-1", &["medium.com/@someone", "medium.com"]),
        ("https://a.s3.amazonaws.com/x", &["a.s3.amazonaws.com", "s3.amazonaws.com", "amazonaws.com"]),
        ("https://old.reddit.com/r/rust/1", &["reddit.com/r/rust", "old.reddit.com", "reddit.com"]),
        ("https://github.com/%73pammer/b", &["github.com/spammer", "github.com"]),
        ("https://medium.com/%40spammer/a", &["medium.com/@spammer", "medium.com"]),
        ("https://x.com/spammer/status/1", &["x.com/spammer", "x.com"]),
        ("https://twitter.com/spammer/status/1", &["x.com/spammer", "twitter.com", "x.com"]),
        (
            "https://mobile.twitter.com/spammer",
            &["x.com/spammer", "mobile.twitter.com", "twitter.com", "x.com"],
        ),
        ("https://analytics.twitter.com/a", &["analytics.twitter.com", "twitter.com", "x.com"]),
        ("https://mobile.x.com/spammer", &["x.com/spammer", "mobile.x.com", "x.com"]),
        (
            "https://de.m.wikipedia.org/wiki/A",
            &["de.m.wikipedia.org", "m.wikipedia.org", "wikipedia.org", "de.wikipedia.org"],
        ),
        ("https://co.uk/", &["co.uk"]),
        ("http://wiki/page", &["wiki"]),
        ("http://192.0.2.7:8080/x", &["192.0.2.7"]),
        ("http://[2001:DB8::1]/", &["[2001:db8::1]"]),
        ("https://www.bücher.example/", &["xn--bcher-kva.example"]),
    ] {
        assert_eq!(names_of(address), expected, "{address}");
    }
}

#[test]
fn a_name_is_as_long_as_a_name_of_a_host_can_be() {
    let (label, host) = ("a".repeat(63), format!("{}{}.com", "a.".repeat(123), "a".repeat(3)));
    assert_eq!(host.len(), 253);
    for (typed, taken) in [
        (format!("{label}.com"), true),
        (format!("{label}a.com"), false),
        (format!("x.{label}a.com"), false),
        (format!("https://www.{label}a.com/page"), false),
        (host.clone(), true),
        (format!("a{host}"), false),
    ] {
        let found = SiteName::parse(&typed);
        assert_eq!(found.is_ok(), taken, "{typed}: {found:?}");
        assert!(taken || found == Err(SiteNameError::Long), "{typed}");
    }
}

#[test]
fn a_site_is_named_as_people_type_it() {
    for (typed, expected) in [
        (" example.com ", Ok("example.com")),
        ("EXAMPLE.com/", Ok("example.com")),
        ("www.example.com", Ok("example.com")),
        ("example.com.", Ok("example.com")),
        ("https://example.com/page?x#y", Ok("example.com")),
        ("blog.example.com", Ok("blog.example.com")),
        ("https://blog.example.com/", Ok("blog.example.com")),
        ("https://blog.example.co.uk/post", Ok("example.co.uk")),
        ("https://analytics.twitter.com/a", Ok("x.com")),
        ("github.com", Ok("github.com")),
        ("GitHub.com/Rust-Lang/", Ok("github.com/rust-lang")),
        ("https://www.github.com/rust-lang/rust", Ok("github.com/rust-lang")),
        ("gist.github.com/rust-lang", Ok("github.com/rust-lang")),
        ("twitter.com", Ok("x.com")),
        ("https://mobile.twitter.com/Spammer", Ok("x.com/spammer")),
        ("https://twitter.com/i/web/status/1", Err(SiteNameError::Whose("x.com".into()))),
        ("old.reddit.com", Ok("reddit.com")),
        ("github.com/features", Err(SiteNameError::Whose("github.com".into()))),
        ("https://www.youtube.com/watch?v=1", Err(SiteNameError::Whose("youtube.com".into()))),
        ("someone.github.io", Ok("someone.github.io")),
        ("github.io", Ok("github.io")),
        ("Bücher.example", Ok("xn--bcher-kva.example")),
        ("http://192.0.2.7:8080/x", Ok("192.0.2.7")),
        ("[2001:DB8::1]", Ok("[2001:db8::1]")),
        ("", Err(SiteNameError::Empty)),
        (" \n", Err(SiteNameError::Empty)),
        ("co.uk", Err(SiteNameError::Suffix("co.uk".into()))),
        ("https://com.br/x", Err(SiteNameError::Suffix("com.br".into()))),
        ("com", Err(SiteNameError::Nonsense)),
        ("spam", Err(SiteNameError::Nonsense)),
        ("two words", Err(SiteNameError::Nonsense)),
        ("*.example.com", Err(SiteNameError::Nonsense)),
        (".example.com", Err(SiteNameError::Nonsense)),
        ("example..com", Err(SiteNameError::Nonsense)),
        ("someone@example.com", Err(SiteNameError::Nonsense)),
        ("javascript:alert(1)", Err(SiteNameError::Nonsense)),
        ("<b>example.com</b>", Err(SiteNameError::Nonsense)),
        ("' or 1=1; --", Err(SiteNameError::Nonsense)),
    ] {
        assert_eq!(
            SiteName::parse(typed).as_ref().map(SiteName::as_str),
            expected.as_ref().copied(),
            "{typed:?}"
        );
    }
}

#[test]
fn hosts_that_lend_names_to_many_are_known() {
    for (name, many) in [
        ("github.io", true),
        ("wordpress.com", true),
        ("s3.amazonaws.com", true),
        ("someone.github.io", false),
        ("github.com", false),
        ("example.com", false),
        ("blog.example.com", false),
        ("github.com/rust-lang", false),
    ] {
        assert_eq!(SiteName::parse(name).expect("a site").is_host_of_many(), many, "{name}");
    }
    for (name, domain) in [
        ("example.com", Some("example.com")),
        ("blog.example.com", Some("example.com")),
        ("someone.github.io", Some("someone.github.io")),
        ("github.com/rust-lang", Some("github.com")),
        ("github.io", None),
    ] {
        assert_eq!(SiteName::parse(name).expect("a site").domain().as_deref(), domain, "{name}");
    }
}

proptest! {
    #[test]
    fn no_name_is_matched_by_how_a_host_ends(
        before in "[a-z0-9]{1,8}",
        host in "([a-z]{1,6}\\.){1,2}(com|co\\.uk|org|github\\.io|de)",
        after in "[a-z]{1,8}\\.(com|org)",
    ) {
        // A prefix glued to the label is another site; before the site's own label it is a subdomain.
        prop_assume!(host != after);
        for address in [format!("{before}{host}/"), format!("{host}.{after}/"), format!("{after}/{host}")] {
            let names = names_of(&format!("https://{address}"));
            prop_assert!(!names.contains(&host), "{address}");
        }
    }

    #[test]
    fn every_name_is_the_host_itself_or_stands_above_it_by_whole_labels(
        host in "(www\\.)?([a-z0-9-]{1,5}\\.){1,4}(com|co\\.uk|github\\.io|s3\\.amazonaws\\.com)",
        path in "(/[~@a-zA-Z0-9._-]{0,9}){0,2}",
    ) {
        if let Ok(url) = StoryUrl::parse(&format!("https://{host}{path}")) {
            for name in names(&url).iter().filter(|name| !name.contains('/')) {
                let labels: Vec<&str> = url.bare_host().split('.').collect();
                let own: Vec<&str> = name.split('.').collect();
                prop_assert!(labels.ends_with(&own), "{name} over {host}");
            }
        }
    }

    #[test]
    fn a_name_taken_stays_as_it_is_and_is_found_in_what_is_below_it(
        typed in "(https://)?(www\\.)?([a-zA-Z]{1,6}\\.){1,3}(com|co\\.uk|github\\.io)(/[~a-z]{0,6})?|\
                  github\\.com/[a-zA-Z]{1,8}",
    ) {
        if let Ok(name) = SiteName::parse(&typed) {
            prop_assert_eq!(SiteName::parse(name.as_str()), Ok(name.clone()));
            let at = names_of(&format!("https://{name}/some/page"));
            prop_assert!(at.contains(&name.0), "{}", name);
            if !name.as_str().contains('/') {
                let below = names_of(&format!("https://below.{name}/"));
                prop_assert!(below.contains(&name.0), "{}", name);
            }
        }
    }
}
