//! A load of keep-alive HTTP/1.1 connections, one thread each: it sends, reads the whole answer, and notes how long that took.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// Connections that ask at once.
const CONNECTIONS: usize = 16;

/// A request as it goes over the wire.
#[derive(Clone)]
pub struct Request(Vec<u8>);

impl Request {
    pub fn get(path: &str, session: Option<&str>, encoding: &str) -> Request {
        let cookie = session.map_or_else(String::new, |session| format!("cookie: session={session}\r\n"));
        let head = format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\naccept-encoding: {encoding}\r\n{cookie}\r\n");
        Request(head.into_bytes())
    }

    pub fn vote(session: &str, id: i64, dir: &str) -> Request {
        Request::post(&format!("/item/{id}/vote"), session, &format!("dir={dir}&goto=/"))
    }

    pub fn comment(session: &str, id: i64) -> Request {
        Request::post(&format!("/item/{id}/reply"), session, "text=A+comment+of+a+few+words%2C+*no+more*.")
    }

    pub fn post(path: &str, session: &str, form: &str) -> Request {
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncookie: session={session}\r\nsec-fetch-site: same-origin\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{form}",
            form.len()
        );
        Request(head.into_bytes())
    }
}

/// What a load did.
pub struct Load {
    pub answers: usize,
    pub times: Vec<Duration>,
    took: Duration,
}

impl Load {
    /// Sends `requests` over and over from all connections for so long.
    pub fn run(port: u16, requests: &[Request], long: Duration) -> Load {
        let began = Instant::now();
        let times = std::thread::scope(|scope| {
            let connections: Vec<_> = (0..CONNECTIONS)
                .map(|nth| scope.spawn(move || connection(port, requests, nth, began + long)))
                .collect();
            connections.into_iter().flat_map(|connection| connection.join().unwrap()).collect::<Vec<_>>()
        });
        Load { answers: times.len(), times, took: began.elapsed() }
    }

    pub fn rate(&self) -> f64 {
        self.answers as f64 / self.took.as_secs_f64()
    }
}

fn connection(port: u16, requests: &[Request], nth: usize, until: Instant) -> Vec<Duration> {
    let mut stream = connect(port);
    let mut buffer = vec![0; 256 * 1024];
    let mut times = Vec::new();
    let mut turn = nth;
    while Instant::now() < until {
        let sent = Instant::now();
        stream.write_all(&requests[turn % requests.len()].0).unwrap();
        answer(&mut stream, &mut buffer, None);
        times.push(sent.elapsed());
        turn += CONNECTIONS;
    }
    times
}

fn connect(port: u16) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream
}

/// One whole answer, head and body, as the server sent it.
pub fn fetch(port: u16, request: &Request) -> Vec<u8> {
    let mut stream = connect(port);
    stream.write_all(&request.0).unwrap();
    let mut whole = Vec::new();
    answer(&mut stream, &mut vec![0; 64 * 1024], Some(&mut whole));
    whole
}

/// Reads one answer, keeping it only where somebody wants it.
fn answer(stream: &mut TcpStream, buffer: &mut [u8], mut keep: Option<&mut Vec<u8>>) {
    let mut have = 0;
    let head = loop {
        let read = stream.read(&mut buffer[have..]).unwrap();
        assert!(read > 0, "the server closed the connection");
        have += read;
        if let Some(at) = buffer[..have].windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
    };
    let text = std::str::from_utf8(&buffer[..head]).unwrap().to_ascii_lowercase();
    if let Some(keep) = keep.as_deref_mut() {
        keep.extend_from_slice(&buffer[..have]);
    }
    let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")?.trim().parse::<usize>().ok());
    match length {
        Some(length) => {
            let mut left = (head + length).saturating_sub(have);
            while left > 0 {
                let most = left.min(buffer.len());
                let read = stream.read(&mut buffer[..most]).unwrap();
                assert!(read > 0, "the server closed the connection");
                if let Some(keep) = keep.as_deref_mut() {
                    keep.extend_from_slice(&buffer[..read]);
                }
                left -= read;
            }
        }
        // In chunks: the last one is empty.
        None => {
            let mut tail = buffer[head..have].to_vec();
            while !tail.ends_with(b"0\r\n\r\n") {
                let read = stream.read(buffer).unwrap();
                assert!(read > 0, "the server closed the connection");
                if let Some(keep) = keep.as_deref_mut() {
                    keep.extend_from_slice(&buffer[..read]);
                }
                tail.extend_from_slice(&buffer[..read]);
                let cut = tail.len().saturating_sub(5);
                tail.drain(..cut);
            }
        }
    }
}
