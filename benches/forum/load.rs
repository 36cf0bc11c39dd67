//! A load of keep-alive HTTP/1.1 connections, one thread each: it sends, reads the whole answer, and notes how long that took.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// Connections that ask at once.
pub const CONNECTIONS: usize = 16;

/// What a browser of today sends.
pub const BROWSER: &str = "gzip, deflate, br, zstd";

/// A request as it goes over the wire, and what the answer should be.
#[derive(Clone)]
pub struct Request {
    bytes: Vec<u8>,
    expected: Expected,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Expected {
    /// Success, or with `If-None-Match` not modified.
    Page,
    /// A redirect, as after each form.
    Done,
    /// A vote that changed something: cast with `up`, taken back without, and then a point less than before where points are told.
    Vote { up: bool },
}

impl Request {
    pub fn get(path: &str, session: Option<&str>, encoding: &str, etag: Option<&str>) -> Request {
        let cookie = session.map_or_else(String::new, |session| format!("cookie: session={session}\r\n"));
        let known = etag.map_or_else(String::new, |etag| format!("if-none-match: {etag}\r\n"));
        let head =
            format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\naccept-encoding: {encoding}\r\n{known}{cookie}\r\n");
        Request { bytes: head.into_bytes(), expected: Expected::Page }
    }

    /// A vote cast or taken back, as the page's script sends it.
    pub fn vote(session: &str, id: i64, up: bool) -> Request {
        let dir = if up { "up" } else { "none" };
        let vote = Request::post(&format!("/item/{id}/vote"), session, &format!("dir={dir}"), "application/json");
        Request { expected: Expected::Vote { up }, ..vote }
    }

    pub fn comment(session: &str, id: i64, text: &str) -> Request {
        let text = text.replace(' ', "+").replace('\n', "%0A");
        Request::post(&format!("/item/{id}/reply"), session, &format!("text={text}"), "text/html")
    }

    /// A comment's preview: its text is rendered, and nothing is written.
    pub fn preview(session: &str, id: i64, text: &str) -> Request {
        let form = url::form_urlencoded::Serializer::new(String::new()).append_pair("text", text).finish();
        let form = format!("{form}&preview=true");
        Request { expected: Expected::Page, ..Request::post(&format!("/item/{id}/reply"), session, &form, "text/html") }
    }

    pub fn log_in(name: &str, password: &str) -> Request {
        let form = format!("name={name}&password={}", password.replace(' ', "+"));
        Request::post("/login", "", &form, "text/html")
    }

    fn post(path: &str, session: &str, form: &str, accept: &str) -> Request {
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\naccept: {accept}\r\ncookie: session={session}\r\n\
             sec-fetch-site: same-origin\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{form}",
            form.len()
        );
        Request { bytes: head.into_bytes(), expected: Expected::Done }
    }
}

/// What a load did.
pub struct Load {
    pub times: Vec<Duration>,
    pub took: Duration,
}

impl Load {
    /// All connections send for so long; the nth goes through the nth script, over and over, and ends where a pair of requests ends.
    pub fn run(port: u16, scripts: &[Vec<Request>], long: Duration) -> Load {
        let began = Instant::now();
        let times = std::thread::scope(|scope| {
            let connections: Vec<_> = (0..CONNECTIONS)
                .map(|nth| scope.spawn(move || follow(port, &scripts[nth % scripts.len()], began + long)))
                .collect();
            connections.into_iter().flat_map(|connection| connection.join().unwrap()).collect::<Vec<_>>()
        });
        Load { times, took: began.elapsed() }
    }

    /// Does the same thing over and over in this thread.
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
    /// The points after the last vote, where they are told.
    points: Option<i64>,
}

impl Connection {
    pub fn open(port: u16) -> Connection {
        Connection::with(port, 256 * 1024)
    }

    /// One of very many, with a small buffer.
    pub fn narrow(port: u16) -> Connection {
        Connection::with(port, 16 * 1024)
    }

    fn with(port: u16, buffer: usize) -> Connection {
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        Connection { stream, buffer: vec![0; buffer], points: None }
    }

    /// Sends a request, reads the whole answer and stops the run where that is not what it should be.
    pub fn ask(&mut self, request: &Request) -> Duration {
        let sent = Instant::now();
        self.send(request);
        self.read(request);
        sent.elapsed()
    }

    pub fn send(&mut self, request: &Request) {
        self.stream.write_all(&request.bytes).unwrap();
    }

    pub fn read(&mut self, request: &Request) {
        let kept = self.answer();
        let answer = &self.buffer[..kept];
        let is = |status: &str| answer.get(9..12) == Some(status.as_bytes());
        let right = match request.expected {
            Expected::Page => is("200") || is("304"),
            Expected::Done => is("303"),
            Expected::Vote { up } => {
                let answer = text(answer);
                let before = std::mem::replace(&mut self.points, points(&answer));
                let said = answer.contains(if up { "\"dir\":\"up\"" } else { "\"dir\":\"none\"" });
                // What stood before the first vote of this connection on an item is not known.
                is("200") && said && (up || self.points == before.map(|points| points - 1))
            }
        };
        assert!(right, "{:?} was answered with {:?}", text(&request.bytes), text(answer));
    }

    /// Reads one answer; its head and as much of the body as fits are then at the beginning of the buffer.
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

    /// Reads on until the last chunk, which is empty.
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

/// A comment's points are not told.
fn points(answer: &str) -> Option<i64> {
    let after = answer.split("\"points\":").nth(1)?;
    after.split([',', '}']).next()?.parse().ok()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(2_000)]).into_owned()
}

/// One whole answer, as the server sent it before it closed the connection.
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

/// An answer in parts.
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// How many bytes it took, head and all.
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

    /// The encoding that the server chose.
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
