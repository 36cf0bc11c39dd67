//! The load generator: keep-alive HTTP/1.1 connections, one thread each, which send a request, read the whole
//! response and record how long that took.

use std::borrow::Cow;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// How many connections send requests at once.
pub const CONNECTIONS: usize = 16;

/// The `Accept-Encoding` of a current browser.
pub const BROWSER: &str = "gzip, deflate, br, zstd";

/// How many digits number a comment.
const DIGITS: usize = 8;
/// Comments posted in this run. Each has its number in its text: the same text twice would be posted once.
static COMMENTS: AtomicUsize = AtomicUsize::new(0);

/// A request as it is sent, and the response that is expected.
#[derive(Clone)]
pub struct Request {
    bytes: Vec<u8>,
    expected: Expected,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Expected {
    /// 200, or with `If-None-Match` 304.
    Page,
    /// A redirect, as after any form.
    Redirect,
    /// The same after a comment, which ends in its number.
    Comment,
    /// A vote that was cast (`up`) or withdrawn; withdrawing it takes away a point, where points are shown.
    Vote { up: bool },
}

impl Request {
    pub fn get(path: &str, session: Option<&str>, encoding: &str, etag: Option<&str>) -> Request {
        let cookie = session.map_or_else(String::new, |session| format!("cookie: session={session}\r\n"));
        let known = etag.map_or_else(String::new, |etag| format!("if-none-match: {etag}\r\n"));
        let optional = known + &cookie;
        let first = format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\naccept-encoding: {encoding}\r\n");
        let bytes = format!("{first}{optional}\r\n").into_bytes();
        Request { bytes, expected: Expected::Page }
    }

    /// A vote cast or withdrawn, as the page's script sends it.
    pub fn vote(session: &str, id: i64, up: bool) -> Request {
        let dir = if up { "up" } else { "none" };
        let (path, form) = (format!("/item/{id}/vote"), format!("dir={dir}"));
        let expected = Expected::Vote { up };
        Request { expected, ..Request::post(&path, session, &form, "application/json") }
    }

    pub fn comment(session: &str, id: i64, text: &str) -> Request {
        let text = text.replace(' ', "+").replace('\n', "%0A");
        let form = format!("text={text}+{:0DIGITS$}", 0);
        let expected = Expected::Comment;
        Request { expected, ..Request::post(&format!("/item/{id}/reply"), session, &form, "text/html") }
    }

    /// A comment's preview, which renders the text and writes nothing.
    pub fn preview(session: &str, id: i64, text: &str) -> Request {
        let form = url::form_urlencoded::Serializer::new(String::new()).append_pair("text", text).finish();
        let form = format!("{form}&preview=true");
        let expected = Expected::Page;
        Request { expected, ..Request::post(&format!("/item/{id}/reply"), session, &form, "text/html") }
    }

    pub fn mute_word(session: &str, word: &str) -> Request {
        Request::post("/settings/muted", session, &format!("kind=word&value={word}&on=true"), "text/html")
    }

    pub fn log_in(name: &str, password: &str) -> Request {
        let form = format!("name={name}&password={}", password.replace(' ', "+"));
        Request::post("/login", "", &form, "text/html")
    }

    fn post(path: &str, session: &str, form: &str, accept: &str) -> Request {
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\naccept: {accept}\r\ncookie: session={session}\r\n\
             sec-fetch-site: same-origin\r\ncontent-type: application/x-www-form-urlencoded\r\n\
             content-length: {}\r\n\r\n{form}",
            form.len()
        );
        Request { bytes: head.into_bytes(), expected: Expected::Redirect }
    }

    /// The bytes to send now: a comment gets the next number.
    fn to_send(&self) -> Cow<'_, [u8]> {
        if self.expected != Expected::Comment {
            return Cow::Borrowed(&self.bytes);
        }
        let mut bytes = self.bytes.clone();
        bytes.truncate(bytes.len() - DIGITS);
        bytes.extend(format!("{:0DIGITS$}", COMMENTS.fetch_add(1, Ordering::Relaxed)).into_bytes());
        Cow::Owned(bytes)
    }
}

/// The times of all requests of a load, and how long it lasted.
pub struct Load {
    pub times: Vec<Duration>,
    pub took: Duration,
}

impl Load {
    /// Sends for `long` on all connections: one for each script, and no fewer than [`CONNECTIONS`]. Each
    /// repeats its script and stops after an even number of requests, so that a vote is withdrawn again.
    pub fn run(port: u16, scripts: &[Vec<Request>], long: Duration) -> Load {
        Load::on(CONNECTIONS.max(scripts.len()), port, scripts, long)
    }

    /// The same on one connection for each script.
    pub fn of_each(port: u16, scripts: &[Vec<Request>], long: Duration) -> Load {
        Load::on(scripts.len(), port, scripts, long)
    }

    fn on(connections: usize, port: u16, scripts: &[Vec<Request>], long: Duration) -> Load {
        let began = Instant::now();
        let times = std::thread::scope(|scope| {
            let connections: Vec<_> = (0..connections)
                .map(|nth| scope.spawn(move || follow(port, &scripts[nth % scripts.len()], began + long)))
                .collect();
            connections.into_iter().flat_map(|connection| connection.join().unwrap()).collect::<Vec<_>>()
        });
        Load { times, took: began.elapsed() }
    }

    /// Repeats `act` in this thread.
    pub fn alone(long: Duration, mut act: impl FnMut()) -> Load {
        let began = Instant::now();
        let mut times = Vec::new();
        while began.elapsed() < long {
            let act_began = Instant::now();
            act();
            times.push(act_began.elapsed());
        }
        Load { times, took: began.elapsed() }
    }

    pub fn rate(&self) -> f64 {
        self.times.len() as f64 / self.took.as_secs_f64()
    }
}

fn follow(port: u16, script: &[Request], until: Instant) -> Vec<Duration> {
    let mut connection = Connection::open(port);
    let mut times = Vec::new();
    let pair = 2.min(script.len());
    while !times.len().is_multiple_of(pair) || Instant::now() < until {
        times.push(connection.ask(&script[times.len() % script.len()]));
    }
    times
}

pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    /// The points after the last vote, where they are shown.
    points: Option<i64>,
}

impl Connection {
    pub fn open(port: u16) -> Connection {
        Connection::with(port, 256 * 1024)
    }

    /// With a small buffer, for when there are very many.
    pub fn narrow(port: u16) -> Connection {
        Connection::with(port, 16 * 1024)
    }

    fn with(port: u16, buffer: usize) -> Connection {
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        Connection { stream, buffer: vec![0; buffer], points: None }
    }

    /// Sends a request and reads the whole response. A response that is not the expected one stops the run.
    pub fn ask(&mut self, request: &Request) -> Duration {
        let sent = Instant::now();
        self.send(request);
        self.read(request);
        sent.elapsed()
    }

    pub fn send(&mut self, request: &Request) {
        self.stream.write_all(&request.to_send()).unwrap();
    }

    /// Sends a request to which any response will do; returns its status.
    pub fn status(&mut self, request: &Request) -> u16 {
        self.send(request);
        let kept = self.answer();
        std::str::from_utf8(&self.buffer[9..12.min(kept)]).unwrap().parse().unwrap()
    }

    pub fn read(&mut self, request: &Request) {
        let kept = self.answer();
        let answer = &self.buffer[..kept];
        let is = |status: &str| answer.get(9..12) == Some(status.as_bytes());
        let right = match request.expected {
            Expected::Page => is("200") || is("304"),
            Expected::Redirect | Expected::Comment => is("303"),
            Expected::Vote { up } => {
                let answer = text(answer);
                let before = std::mem::replace(&mut self.points, points(&answer));
                let said = answer.contains(if up { "\"dir\":\"up\"" } else { "\"dir\":\"none\"" });
                // Before the first vote of a connection the points are not known.
                is("200") && said && (up || self.points == before.map(|points| points - 1))
            }
        };
        assert!(right, "{:?} was answered with {:?}", text(&request.bytes), text(answer));
    }

    /// Reads one response; the buffer then begins with its head and as much of its body as fits.
    fn answer(&mut self) -> usize {
        let mut have = 0;
        let head = loop {
            have += self.more(have);
            if let Some(at) = self.buffer[..have].windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
        };
        let text = std::str::from_utf8(&self.buffer[..head]).unwrap();
        let length = text.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
        });
        let Some(length) = length else {
            if text.starts_with("HTTP/1.1 304") {
                return head;
            }
            return self.chunks(head, have);
        };
        let mut left = (head + length).saturating_sub(have);
        while left > 0 {
            let at = if have < self.buffer.len() { have } else { head };
            let read = self.more(at);
            have = at + read;
            left -= read;
        }
        have
    }

    /// Reads up to the last chunk, which is empty.
    fn chunks(&mut self, head: usize, mut have: usize) -> usize {
        let mut tail = self.buffer[head..have].to_vec();
        while !tail.ends_with(b"0\r\n\r\n") {
            let at = if have < self.buffer.len() { have } else { head };
            have = at + self.more(at);
            tail.extend_from_slice(&self.buffer[at..have]);
            let cut = tail.len().saturating_sub(5);
            tail.drain(..cut);
        }
        have
    }

    fn more(&mut self, at: usize) -> usize {
        let read = self.stream.read(&mut self.buffer[at..]).unwrap();
        assert!(read > 0, "the server closed the connection");
        read
    }
}

/// The points in the response to a vote; those of a comment are not shown.
fn points(answer: &str) -> Option<i64> {
    let after = answer.split("\"points\":").nth(1)?;
    after.split([',', '}']).next()?.parse().ok()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(2_000)]).into_owned()
}

/// One whole response, on a connection that the server then closes.
pub fn fetch(port: u16, request: &Request) -> Answer {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let line = request.bytes.windows(2).position(|two| two == b"\r\n").unwrap() + 2;
    stream.write_all(&request.bytes[..line]).unwrap();
    stream.write_all(b"connection: close\r\n").unwrap();
    stream.write_all(&request.bytes[line..]).unwrap();
    let mut whole = Vec::new();
    stream.read_to_end(&mut whole).unwrap();
    Answer::of(&whole)
}

/// A response, parsed.
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// The size of head and body.
    pub bytes: usize,
}

impl Answer {
    pub fn of(whole: &[u8]) -> Answer {
        let split = whole.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
        let head = std::str::from_utf8(&whole[..split]).unwrap();
        let status = head[9..12].parse().unwrap();
        let pairs = head.lines().skip(1).filter_map(|line| line.split_once(": "));
        let headers: Vec<(String, String)> =
            pairs.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
        let chunked = headers.iter().any(|(name, value)| name == "transfer-encoding" && value == "chunked");
        let body = if chunked { unchunked(&whole[split..]) } else { whole[split..].to_vec() };
        Answer { status, headers, body, bytes: whole.len() }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The encoding of the body.
    pub fn encoding(&self) -> &str {
        self.header("content-encoding").unwrap_or("plain")
    }
}

fn unchunked(mut body: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    while let Some(line) = body.windows(2).position(|two| two == b"\r\n") {
        let size = usize::from_str_radix(std::str::from_utf8(&body[..line]).unwrap().trim(), 16).unwrap();
        if size == 0 {
            break;
        }
        whole.extend_from_slice(&body[line + 2..line + 2 + size]);
        body = &body[line + 2 + size + 2..];
    }
    whole
}
