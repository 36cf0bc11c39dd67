//! The key that all URLs of one page share.

use super::{StoryUrl, main_host, unescaped};

/// Tracking parameters in lower case, beside `utm_*`.
#[rustfmt::skip]
const TRACKING: &[&str] = &[
    // Advertising clicks
    "fbclid", "gclid", "gclsrc", "dclid", "gbraid", "wbraid", "msclkid", "yclid", "twclid", "ttclid",
    "li_fat_id", "s_kwcid",
    // Sharing
    "igsh", "igshid", "ref_src", "ref_url", "share_id", "sharesource", "smid", "cmpid", "guccounter",
    "guce_referrer", "guce_referrer_sig",
    // Newsletters
    "mc_cid", "mc_eid", "mkt_tok", "_hsenc", "_hsmi", "__hssc", "__hstc", "__hsfp", "hsctatracking",
    "oly_anon_id", "oly_enc_id", "vero_id", "vero_conv", "ck_subscriber_id",
    // Analytics
    "_ga", "_gl", "wt_mc",
];

pub(super) fn of(story: &StoryUrl) -> String {
    let url = story.url();
    let host = main_host(story.bare_host());
    let query = kept_query(&unescaped(url.query().unwrap_or_default()));
    let path = unescaped(url.path());
    let path = path.trim_end_matches('/');

    if let Some(page) = known_page(&host, path, &query) {
        return page;
    }
    let mut key = host.clone().into_owned();
    // The scheme is not part of the key, so both default ports are dropped.
    if let Some(port) = url.port().filter(|port| !matches!(port, 80 | 443)) {
        key.push_str(&format!(":{port}"));
    }
    key.push_str(path);
    // Parameters of a post on X say who shared it.
    let shared_post = host == "x.com" && path.contains("/status/");
    if !query.is_empty() && !shared_post {
        key.push('?');
        key.push_str(&query);
    }
    // A fragment is a position in the page, except `#!` and `#/`, which some sites use as routes.
    if let Some(route) = url.fragment().filter(|f| f.len() > 1 && f.starts_with(['!', '/'])) {
        key.push('#');
        key.push_str(&unescaped(route));
    }
    key
}

fn kept_query(query: &str) -> String {
    let kept: Vec<&str> = query.split('&').filter(|pair| !pair.is_empty() && !is_tracking(pair)).collect();
    kept.join("&")
}

fn is_tracking(pair: &str) -> bool {
    let name = pair.split('=').next().unwrap_or_default().to_ascii_lowercase();
    name.starts_with("utm_") || TRACKING.contains(&name.as_str())
}

fn known_page(host: &str, path: &str, query: &str) -> Option<String> {
    let mut parts = path.trim_start_matches('/').split('/');
    let (first, second, more) = (parts.next().unwrap_or_default(), parts.next(), parts.next().is_some());
    match host {
        "youtu.be" if second.is_none() => video(first),
        "youtube.com" => match (first, second) {
            ("watch", None) => video(query.split('&').find_map(|pair| pair.strip_prefix("v="))?),
            ("shorts" | "live" | "embed" | "v", Some(id)) if !more => video(id),
            _ => None,
        },
        "arxiv.org" if matches!(first, "abs" | "pdf" | "html") && !more => {
            let paper = second?;
            let paper = paper.trim_end_matches(".pdf");
            (!paper.is_empty()).then(|| format!("arxiv.org/abs/{paper}"))
        }
        _ => None,
    }
}

fn video(id: &str) -> Option<String> {
    let plain = !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    plain.then(|| format!("youtube.com/watch?v={id}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(input: &str) -> String {
        StoryUrl::parse(input).unwrap_or_else(|e| panic!("{input}: {e}")).key()
    }

    #[test]
    fn addresses_of_one_page_have_one_key() {
        for (expected, inputs) in [
            (
                "example.com/Post",
                &[
                    "http://example.com/Post",
                    "https://www.example.com/Post/",
                    "https://www3.EXAMPLE.com./Post//",
                    "https://example.com:443/Post",
                    "http://example.com:80/Post",
                    "http://example.com/Post#comments",
                    "http://example.com/Post#!",
                    "http://example.com/Post#/",
                    "http://example.com/x/../Post?",
                    "http://example.com/Post?utm_source=a&UTM_Medium=b&fbclid=c&gclid=d&mc_cid=e&igshid=f&\
                     ref_src=g",
                ][..],
            ),
            ("example.com", &["https://example.com", "http://www.example.com/", "http://example.com/?&"][..]),
            ("example.com/a?z=1&b=2&a", &["https://example.com/a/?z=1&utm_id=3&b=2&&a#top"][..]),
            ("example.com:8080/a", &["http://example.com:8080/a", "https://www.example.com:8080/a/"][..]),
            (
                "xn--bcher-kva.example",
                &["https://bücher.example/", "http://BÜCHER.example", "http://xn--bcher-kva.example"][..],
            ),
            (
                "example.com#!/route/1",
                &["http://example.com/#!/route/1", "https://www.example.com#!/route/1"][..],
            ),
            (
                "youtube.com/watch?v=dQw4w9WgXcQ",
                &[
                    "https://www.youtube.com/watch?v=dQw4w9WgXcQ",
                    "https://m.youtube.com/watch?list=PL1&v=dQw4w9WgXcQ&t=10",
                    "https://youtu.be/dQw4w9WgXcQ?si=abc",
                    "https://youtube.com/shorts/dQw4w9WgXcQ",
                ][..],
            ),
            (
                "arxiv.org/abs/1706.03762",
                &["https://arxiv.org/pdf/1706.03762.pdf.pdf", "http://www.arxiv.org/abs/1706.03762"][..],
            ),
            (
                "x.com/a/status/1",
                &[
                    "https://twitter.com/a/status/1?s=20",
                    "https://mobile.twitter.com/a/status/1",
                    "https://x.com/a/status/1",
                ][..],
            ),
            (
                "en.wikipedia.org/wiki/Stoa",
                &["https://en.m.wikipedia.org/wiki/Stoa", "https://en.wikipedia.org/wiki/Stoa"][..],
            ),
            (
                "example.com/abc/@me~1?q=abc%2F%C3%A9#!/a-b",
                &[
                    "https://example.com/abc/@me~1?q=abc%2F%C3%A9#!/a-b",
                    "https://example.com/%61b%63/%40me%7e1?q=%61bc%2f%c3%a9#!/a%2Db",
                    "https://example.com/abc/@me~1?%75tm_source=a&q=abc%2F\u{e9}#!/a-b",
                ][..],
            ),
            (
                "x.com/a/status/1",
                &["https://m.twitter.com/%61/status/1", "https://mobile.x.com/a/st%61tus/1"][..],
            ),
            ("example.com/%2561", &["https://example.com/%%361", "https://example.com/%2561"][..]),
            ("127.0.0.1/a", &["http://127.0.0.1/a", "http://2130706433/a", "http://0x7f.1/a/"][..]),
            ("[::1]/a", &["http://[::1]/a", "http://[0:0:0:0:0:0:0:1]/a"][..]),
        ] {
            for input in inputs {
                assert_eq!(key(input), expected, "{input}");
            }
        }
    }

    #[test]
    fn different_pages_keep_different_keys() {
        for (one, other) in [
            ("http://example.com/a", "http://example.com/A"),
            ("http://example.com/a", "http://example.com/a.html"),
            ("http://example.com/", "http://example.com/index.html"),
            ("http://example.com/?a=1&b=2", "http://example.com/?b=2&a=1"),
            ("http://example.com/a/b", "http://example.com/a%2Fb"),
            ("http://example.com/a?b", "http://example.com/a%3Fb"),
            ("http://example.com/?a=b%26c", "http://example.com/?a=b&c"),
            ("http://example.com/%2561", "http://example.com/a"),
            ("http://example.com/%61", "http://example.com/A"),
            ("http://example.com/?ref=main", "http://example.com/"),
            ("http://example.com/#!/a", "http://example.com/#!/b"),
            ("http://example.com/#/c/1", "http://example.com/#/c/2"),
            ("http://blog.example.com/", "http://example.com/"),
            ("http://evilexample.com/", "http://example.com/"),
            ("http://wwwexample.com/", "http://example.com/"),
            ("http://www.com/", "http://com/"),
            ("http://www.co.uk/", "http://co.uk/"),
            ("http://example.com:8080/", "http://example.com/"),
            ("https://youtube.com/watch?v=a", "https://youtube.com/watch?v=b"),
            ("https://youtube.com.evil.example/watch?v=a", "https://youtube.com/watch?v=a"),
            ("https://arxiv.org/abs/1706.03762v1", "https://arxiv.org/abs/1706.03762v2"),
        ] {
            assert_ne!(key(one), key(other), "{one} {other}");
        }
    }

    fn address() -> impl Strategy<Value = String> {
        let host = prop_oneof![
            "(www[0-9]{0,2}\\.){0,3}[a-z0-9]{1,8}(\\.[a-z]{1,3}){0,3}\\.?",
            Just("youtu.be".to_owned()),
            Just("www.youtube.com".to_owned()),
            Just("m.youtube.com".to_owned()),
            Just("arxiv.org".to_owned()),
            Just("mobile.twitter.com".to_owned()),
            Just("en.m.m.wikipedia.org".to_owned()),
            Just("[2001:DB8::1]".to_owned()),
            "[0-9]{1,3}(\\.[0-9]{1,3}){0,3}",
        ];
        let port = prop_oneof![Just(""), Just(":80"), Just(":443"), Just(":8080")];
        let tail = prop_oneof![
            "[/a-zA-Z.%?&=#!_~ é-]{0,40}",
            "(/|[a-z]|%[0-9a-fA-F]{2}|[?%.]){0,12}",
            "/(watch|shorts|pdf|abs|a/status)(/[a-z0-9.]{0,6}){0,2}(\\?v=[a-z]{0,3}(&utm_a=1)?)?(.pdf)?/?"
        ];
        (prop_oneof![Just("http"), Just("https")], host, port, tail)
            .prop_map(|(s, h, p, t)| format!("{s}://{h}{p}/{t}"))
    }

    proptest! {
        #[test]
        fn the_key_of_a_key_is_itself(input in address()) {
            if let Ok(url) = StoryUrl::parse(&input) {
                let key = url.key();
                let again = StoryUrl::parse(&format!("https://{key}"));
                prop_assert!(again.is_ok(), "{} -> {}", input, key);
                prop_assert_eq!(again.map(|u| u.key()), Ok(key));
            }
        }

        #[test]
        fn what_is_kept_reads_back_as_itself(input in address()) {
            if let Ok(url) = StoryUrl::parse(&input) {
                prop_assert_eq!(StoryUrl::parse(url.as_str()), Ok(url));
            }
        }

        #[test]
        fn no_input_panics(input in "\\PC{0,80}") {
            let _ = StoryUrl::parse(&input);
            if let Ok(url) = StoryUrl::parse(&format!("https://{input}")) {
                let _ = (url.key(), url.site());
            }
        }
    }
}
