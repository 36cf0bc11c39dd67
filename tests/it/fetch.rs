//! The guarded HTTP client against hostile sites. Each site is a few lines on 127.0.0.1, which the tests'
//! rules allow at any port; 127.0.0.2 is a private address.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test may stop at a surprise, and measures how long it took"
)]

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use stoa::domain::url::UrlError;
use stoa::fetch::{FetchError, FetchPolicy, Fetcher};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const AGENT: &str = "Stoa/0.1.0 (+https://forum.example)";
/// The first byte of whoever expects TLS; nobody here speaks it.
const TLS_HANDSHAKE: u8 = 22;
const PUBLIC: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const PRIVATE: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));

/// How a site answers; `more` is sent over and over afterwards, with the pause before each.
struct Answer {
    first: Vec<u8>,
    more: Option<(Duration, Vec<u8>)>,
}

/// A site on this machine, and the heads of the requests it had.
struct Site {
    port: u16,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Site {
    async fn serve(answer: impl Fn(&str) -> Answer + Send + Sync + 'static) -> Site {
        let listener = TcpListener::bind((PUBLIC, 0)).await.unwrap();
        let site = Site { port: listener.local_addr().unwrap().port(), heads: Arc::default() };
        let (heads, answer) = (site.heads.clone(), Arc::new(answer));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (heads, answer) = (heads.clone(), answer.clone());
                tokio::spawn(async move { respond(stream, &heads, answer.as_ref()).await });
            }
        });
        site
    }

    async fn page(kind: &'static str, body: impl Into<Vec<u8>>) -> Site {
        let body = body.into();
        Site::serve(move |_| html(kind, &body)).await
    }

    /// A site that sends every reader on to one address.
    async fn sending_to(location: String) -> Site {
        Site::serve(move |_| redirect(&location)).await
    }

    fn url(&self, host: &str) -> String {
        format!("http://{host}:{}/", self.port)
    }

    fn requests(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

/// Writes an answer until the client has had enough and hangs up.
async fn respond(
    mut stream: TcpStream,
    heads: &Mutex<Vec<String>>,
    answer: &(dyn Fn(&str) -> Answer + Send + Sync),
) -> Option<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
        if head == [TLS_HANDSHAKE] {
            return None;
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    heads.lock().unwrap().push(head);
    let answer = answer(&path);
    stream.write_all(&answer.first).await.ok()?;
    while let Some((pause, more)) = &answer.more {
        tokio::time::sleep(*pause).await;
        stream.write_all(more).await.ok()?;
    }
    Some(())
}

fn answer(head: &str, body: &[u8]) -> Answer {
    let mut first = format!("HTTP/1.1 {head}\r\nConnection: close\r\n\r\n").into_bytes();
    first.extend_from_slice(body);
    Answer { first, more: None }
}

fn html(kind: &str, body: &[u8]) -> Answer {
    answer(&format!("200 OK\r\nContent-Type: {kind}"), body)
}

fn redirect(location: &str) -> Answer {
    answer(&format!("302 Found\r\nSet-Cookie: who=me\r\nLocation: {location}"), b"")
}

/// Names that end in `.test`: each look-up answers with the next of the lists, and the last for ever.
struct Names {
    answers: Vec<Vec<IpAddr>>,
    asked: AtomicUsize,
}

impl Names {
    fn always(answer: &[IpAddr]) -> Arc<Names> {
        Names::first_then(&[answer])
    }

    fn first_then(answers: &[&[IpAddr]]) -> Arc<Names> {
        Arc::new(Names {
            answers: answers.iter().map(|list| list.to_vec()).collect(),
            asked: AtomicUsize::new(0),
        })
    }
}

impl Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        assert!(name.as_str().ends_with(".test"), "{}", name.as_str());
        let turn = self.asked.fetch_add(1, Ordering::SeqCst).min(self.answers.len() - 1);
        let found: Vec<SocketAddr> = self.answers[turn].iter().map(|ip| SocketAddr::new(*ip, 0)).collect();
        Box::pin(async move { Ok(Box::new(found.into_iter()) as Addrs) })
    }
}

fn rules() -> FetchPolicy {
    FetchPolicy {
        address: |ip| ip == PUBLIC,
        port: |_| true,
        names: Names::always(&[PUBLIC]),
        deadline: Duration::from_secs(3),
        bytes: 64 * 1024,
    }
}

fn fetcher() -> Fetcher {
    Fetcher::within(rules(), AGENT).unwrap()
}

fn with_names(names: Arc<Names>) -> Fetcher {
    Fetcher::within(FetchPolicy { names, ..rules() }, AGENT).unwrap()
}

#[tokio::test]
async fn the_title_of_a_page_is_suggested() {
    let site =
        Site::page("text/html; charset=utf-8", "<title> Fish &amp;\n chips — caf&eacute; </title>").await;
    assert_eq!(fetcher().title(&site.url("page.test")).await.unwrap(), "Fish & chips — café");
    assert_eq!(fetcher().title(&site.url("127.0.0.1")).await.unwrap(), "Fish & chips — café");
}

#[tokio::test]
async fn the_open_internet_is_all_that_is_reached() {
    let fetcher = Fetcher::new(AGENT).unwrap();
    for host in [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "127.0.0.1.",
        "①②⑦.0.0.1",
        "0",
        "0.0.0.0",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "2852039166",
        "224.0.0.1",
        "255.255.255.255",
        "[::]",
        "[::1]",
        "[::127.0.0.1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[fe80::1]",
        "[fc00::1]",
        "[fd00::1]",
        "[ff02::1]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b:1::7f00:1]",
        "[2002:7f00:1::]",
        "[2001::1]",
        "[2001:db8::1]",
        // A name that the machine itself knows.
        "localhost",
        "LOCALHOST",
    ] {
        for scheme in ["http", "https"] {
            let refused = fetcher.title(&format!("{scheme}://{host}/")).await;
            assert!(matches!(refused, Err(FetchError::NotPublic)), "{scheme}://{host}/ {refused:?}");
        }
    }
    assert_eq!(
        FetchError::NotPublic.to_string(),
        "That address is not on the public internet, so Stoa does not fetch it."
    );
}

#[tokio::test]
async fn only_the_usual_ports_are_reached() {
    let fetcher = Fetcher::new(AGENT).unwrap();
    for url in [
        "http://1.1.1.1:22/",
        "https://1.1.1.1:8443/",
        "http://example.com:6379/",
        "http://1.1.1.1:0/",
        "http://[2606:4700::1]:25/",
    ] {
        let refused = fetcher.title(url).await;
        assert!(matches!(refused, Err(FetchError::Port)), "{url} {refused:?}");
    }
}

#[tokio::test]
async fn only_web_addresses_without_credentials_are_fetched() {
    let fetcher = fetcher();
    for url in [
        "file:///etc/passwd",
        "ftp://127.0.0.1/",
        "gopher://127.0.0.1:70/",
        "data:text/html,<title>x</title>",
        "javascript:1",
    ] {
        let refused = fetcher.title(url).await;
        assert!(matches!(refused, Err(FetchError::Address(UrlError::NotWeb))), "{url} {refused:?}");
    }
    let refused = fetcher.title("http://user:word@127.0.0.1/").await;
    assert!(matches!(refused, Err(FetchError::Address(UrlError::Credentials))), "{refused:?}");
}

#[tokio::test]
async fn a_name_with_a_private_address_is_not_reached() {
    let site = Site::page("text/html", "<title>Secret</title>").await;
    let private = with_names(Names::always(&[PRIVATE])).title(&site.url("page.test")).await;
    assert!(matches!(private, Err(FetchError::NotPublic)), "{private:?}");
    let none = with_names(Names::always(&[])).title(&site.url("page.test")).await;
    assert!(matches!(none, Err(FetchError::NotPublic)), "{none:?}");
    let mixed = with_names(Names::always(&[PRIVATE, PUBLIC])).title(&site.url("page.test")).await;
    assert_eq!(mixed.unwrap(), "Secret");
}

#[tokio::test]
async fn a_name_is_looked_up_once_and_cannot_change_its_mind() {
    let site = Site::serve(|_| Answer {
        first: b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 27\r\n\r\n\
          <title>First answer</title>"
            .to_vec(),
        // The connection stays open, so that it could be used again.
        more: Some((Duration::from_secs(60), Vec::new())),
    })
    .await;
    let names = Names::first_then(&[&[PUBLIC], &[PRIVATE]]);
    let fetcher = with_names(names.clone());
    assert_eq!(fetcher.title(&site.url("page.test")).await.unwrap(), "First answer");
    assert_eq!(names.asked.load(Ordering::SeqCst), 1);
    // The next request asks anew and is judged by the new answer; no connection is kept from the first.
    assert!(matches!(fetcher.title(&site.url("page.test")).await, Err(FetchError::NotPublic)));
}

#[tokio::test]
async fn a_redirect_is_checked_like_the_first_address() {
    let inner = Site::page("text/html", "<title>Secret</title>").await;
    for (location, refused) in [
        (format!("http://127.0.0.2:{}/", inner.port), "NotPublic"),
        (format!("//127.0.0.2:{}/", inner.port), "NotPublic"),
        (format!("http://[::ffff:127.0.0.1]:{}/", inner.port), "NotPublic"),
        ("http://169.254.169.254/latest/meta-data/".to_owned(), "NotPublic"),
        ("file:///etc/passwd".to_owned(), "Address(NotWeb)"),
        ("gopher://127.0.0.1:70/".to_owned(), "Address(NotWeb)"),
        (format!("http://a:b@127.0.0.1:{}/", inner.port), "Address(Credentials)"),
        ("http://".to_owned(), "Address(Malformed)"),
    ] {
        let site = Site::sending_to(location.clone()).await;
        let error = fetcher().title(&site.url("127.0.0.1")).await.unwrap_err();
        assert_eq!(format!("{error:?}"), refused, "{location}");
    }
    let site = Site::sending_to(inner.url("inner.test")).await;
    let error = with_names(Names::first_then(&[&[PUBLIC], &[PRIVATE]]))
        .title(&site.url("page.test"))
        .await
        .unwrap_err();
    assert!(matches!(error, FetchError::NotPublic), "{error:?}");
    let strict = Fetcher::within(FetchPolicy { port: |port| port > 1_000, ..rules() }, AGENT).unwrap();
    let site = Site::sending_to("http://127.0.0.1:25/".to_owned()).await;
    assert!(matches!(strict.title(&site.url("page.test")).await, Err(FetchError::Port)));
    assert_eq!(inner.requests(), [""; 0]);
}

#[tokio::test]
async fn three_redirects_are_followed_and_a_fourth_is_not() {
    let site = Site::serve(|path| match path.trim_start_matches('/').parse::<u32>() {
        Ok(0) | Err(_) => html("text/html", b"<title>Here</title>"),
        Ok(left) => redirect(&format!("/{}", left - 1)),
    })
    .await;
    let fetcher = fetcher();
    assert_eq!(fetcher.title(&format!("{}3", site.url("page.test"))).await.unwrap(), "Here");
    assert_eq!(site.requests().len(), 4);
    assert!(matches!(
        fetcher.title(&format!("{}4", site.url("page.test"))).await,
        Err(FetchError::Redirects)
    ));
    assert_eq!(site.requests().len(), 8);
    let around = Site::sending_to("/".to_owned()).await;
    assert!(matches!(fetcher.title(&around.url("page.test")).await, Err(FetchError::Redirects)));
}

#[tokio::test]
async fn a_request_tells_who_asks_and_nothing_of_the_person() {
    let site = Site::serve(|path| {
        if path == "/" { redirect("/there") } else { html("text/html", b"<title>There</title>") }
    })
    .await;
    assert_eq!(fetcher().title(&site.url("page.test")).await.unwrap(), "There");
    let requests = site.requests();
    assert_eq!(requests.len(), 2);
    for head in requests {
        let head = head.to_ascii_lowercase();
        assert!(head.contains(&format!("user-agent: {}\r\n", AGENT.to_ascii_lowercase())), "{head}");
        for header in ["cookie:", "referer:", "authorization:", "x-forwarded-for:", "forwarded:", "via:"] {
            assert!(!head.contains(header), "{head}");
        }
    }
}

#[tokio::test]
async fn a_page_without_end_is_read_to_the_limit() {
    let endless = |start: &'static str| {
        Site::serve(move |_| Answer {
            more: Some((Duration::ZERO, vec![b'x'; 8_192])),
            ..html("text/html", start.as_bytes())
        })
    };
    let started = Instant::now();
    let titled = endless("<title>Endless</title><p>").await;
    assert_eq!(fetcher().title(&titled.url("page.test")).await.unwrap(), "Endless");
    let untitled = endless("<p>").await;
    assert!(matches!(fetcher().title(&untitled.url("page.test")).await, Err(FetchError::NoTitle)));
    let within = endless("<title>").await;
    assert_eq!(fetcher().title(&within.url("page.test")).await.unwrap(), format!("{}…", "x".repeat(79)));
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_gzip_bomb_bursts_at_the_limit() {
    // A deflate block with fixed codes: the letter x, then endless 13-bit copies of 258 bytes.
    let mut bits = vec![false, true, false];
    bits.extend((0..8).rev().map(|n| (0x30 + b'x') >> n & 1 == 1));
    let repeat: Vec<bool> = (0..13).rev().map(|n| (0b1100_0101 << 5) >> n & 1 == 1).collect();
    while bits.len() < 11 + 13 * 8 * 2_000 {
        bits.extend(&repeat);
    }
    let mut bomb = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    bomb.extend(
        bits.chunks_exact(8)
            .map(|byte| byte.iter().enumerate().fold(0, |sum, (n, bit)| sum | u8::from(*bit) << n)),
    );
    assert!(bomb.len() < 27_000, "4 MB in {} bytes", bomb.len());

    let site = Site::serve(move |_| {
        // The connection stays open and silent, so that only the limit can end the reading.
        let pause = Some((Duration::from_secs(60), Vec::new()));
        Answer { more: pause, ..answer("200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip", &bomb) }
    })
    .await;
    let burst = fetcher().title(&site.url("page.test")).await;
    assert!(matches!(burst, Err(FetchError::NoTitle)), "{burst:?}");
    let whole = Fetcher::within(
        FetchPolicy { bytes: 64 << 20, deadline: Duration::from_millis(700), ..rules() },
        AGENT,
    )
    .unwrap();
    let unbounded = whole.title(&site.url("page.test")).await;
    assert!(matches!(unbounded, Err(FetchError::Slow)), "without the limit it would go on: {unbounded:?}");
}

#[tokio::test]
async fn a_slow_site_is_given_up_on() {
    let quick =
        Fetcher::within(FetchPolicy { deadline: Duration::from_millis(300), ..rules() }, AGENT).unwrap();
    let drip = |first: Answer| Answer { more: Some((Duration::from_millis(50), b"x".to_vec())), ..first };
    let body = Site::serve(move |_| drip(html("text/html", b"<p>"))).await;
    let head =
        Site::serve(move |_| drip(Answer { first: b"HTTP/1.1 200 OK\r\nX-Slow: ".to_vec(), more: None }))
            .await;
    let silent =
        Site::serve(|_| Answer { first: Vec::new(), more: Some((Duration::from_secs(60), Vec::new())) })
            .await;
    for site in [body, head, silent] {
        let started = Instant::now();
        let slow = quick.title(&site.url("page.test")).await;
        assert!(matches!(slow, Err(FetchError::Slow)), "{slow:?}");
        assert!(started.elapsed() < Duration::from_secs(2));
    }
    // A page whose head is over need not be waited for.
    let head_first = Site::serve(move |_| drip(html("text/html", b"<title>Soon</title></head>"))).await;
    assert_eq!(quick.title(&head_first.url("page.test")).await.unwrap(), "Soon");
}

#[tokio::test]
async fn what_is_no_page_has_no_title() {
    for kind in ["application/pdf", "image/svg+xml", "text/plain", "application/json", "text/html-not", ""] {
        let site = Site::page(kind, "<title>No</title>").await;
        let refused = fetcher().title(&site.url("page.test")).await;
        assert!(matches!(refused, Err(FetchError::NotHtml)), "{kind} {refused:?}");
    }
    let missing =
        Site::serve(|_| answer("404 Not Found\r\nContent-Type: text/html", b"<title>Not found</title>"))
            .await;
    assert!(matches!(fetcher().title(&missing.url("page.test")).await, Err(FetchError::Status(404))));
    let bare = Site::page("text/html", "<p>Hello").await;
    assert!(matches!(fetcher().title(&bare.url("page.test")).await, Err(FetchError::NoTitle)));
}

#[tokio::test]
async fn a_title_is_read_in_its_own_charset() {
    let utf16: Vec<u8> = [0xff, 0xfe]
        .into_iter()
        .chain("<title>Größe</title>".encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    for (kind, body, title) in [
        ("text/html; charset=windows-1251", b"<title>\xcf\xf0\xe8\xe2\xe5\xf2</title>".to_vec(), "Привет"),
        ("text/html; charset=\"ISO-8859-1\"", b"<meta charset=utf-8><title>caf\xe9</title>".to_vec(), "café"),
        ("text/html", b"<meta charset=Shift_JIS><title>\x93\xfa\x96{</title>".to_vec(), "日本"),
        ("TEXT/HTML;charset=nonsense", "<title>café</title>".into(), "café"),
        ("text/html", b"<title>caf\xe9 \x97 bar</title>".to_vec(), "café — bar"),
        ("application/xhtml+xml", utf16, "Größe"),
    ] {
        let site = Site::page(kind, body).await;
        assert_eq!(fetcher().title(&site.url("page.test")).await.unwrap(), title, "{kind}");
    }
}

#[tokio::test]
async fn a_broken_site_is_an_error_with_its_cause() {
    for broken in [
        &b""[..],
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\n\r\nnot gzip",
    ] {
        let site = Site::serve(|_| Answer { first: broken.to_vec(), more: None }).await;
        let error = fetcher().title(&site.url("page.test")).await.unwrap_err();
        assert_eq!(error.to_string(), "That site could not be reached.");
        assert!(std::error::Error::source(&error).is_some());
    }
    // A site that speaks no TLS: also shows that the client has what TLS needs.
    let plain = Site::page("text/html", "<title>Plain</title>").await;
    let error = fetcher().title(&format!("https://page.test:{}/", plain.port)).await.unwrap_err();
    assert!(matches!(error, FetchError::Unreachable(_)), "{error:?}");
    let huge = Site::serve(|_| {
        answer(
            &format!("200 OK\r\nContent-Type: text/html\r\nX: {}", "x".repeat(1 << 20)),
            b"<title>x</title>",
        )
    })
    .await;
    let error = fetcher().title(&huge.url("page.test")).await.unwrap_err();
    assert!(matches!(error, FetchError::Unreachable(_)), "{error:?}");
}
