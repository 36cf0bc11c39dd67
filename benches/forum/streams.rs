//! Very many pages that are open and hear what is new.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::load::{CONNECTIONS, Connection, Request};
use crate::results::{Results, Row};
use crate::site::{STOA, Site, serve};
use crate::turns::milliseconds;
use crate::work::COMMENT;

const STREAMS: usize = 5_000;
/// How long they are idle before their memory is read.
const IDLE: Duration = Duration::from_secs(15);

pub const MEMORY: &str = "5,000 idle event streams, resident";
pub const TOLD: &str = "a comment until all 5,000 hear of it";

pub fn measure(site: Site, results: &mut Results) {
    let (site, database) = site.stopped();
    let (server, _) = serve(&database, &[STOA], &["--max-event-streams", "6000"]);
    let (story, session) = (site.stories[2], &site.members[0]);
    let mut poster = Connection::open(server.port);
    // What the first of them needs is there.
    drop(open(server.port, story));
    poster.ask(&Request::comment(session, story, COMMENT));
    let before = server.resident_mb();
    let mut streams: Vec<TcpStream> = (0..STREAMS).map(|_| open(server.port, story)).collect();
    std::thread::sleep(IDLE);
    results.add(Row::new(MEMORY, "MB", server.resident_mb() - before));
    let last = Mutex::new(Duration::ZERO);
    poster.ask(&Request::comment(session, story, COMMENT));
    let began = Instant::now();
    std::thread::scope(|scope| {
        for share in streams.chunks_mut(STREAMS.div_ceil(CONNECTIONS)) {
            let last = &last;
            scope.spawn(move || {
                share.iter_mut().for_each(hear);
                let mut last = last.lock().unwrap();
                *last = began.elapsed().max(*last);
            });
        }
    });
    results.add(Row::new(TOLD, "ms", milliseconds(last.into_inner().unwrap())));
}

/// An open page of a thread.
fn open(port: u16, story: i64) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let now = jiff::Timestamp::now().as_second();
    let ask = format!("GET /events?thread={story}&after={now} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n");
    stream.write_all(ask.as_bytes()).unwrap();
    read_until(&mut stream, "retry: ");
    stream
}

fn hear(stream: &mut TcpStream) {
    read_until(stream, "event: comments");
}

fn read_until(stream: &mut TcpStream, mark: &str) {
    let (mut all, mut part) = (Vec::new(), [0; 1024]);
    while !String::from_utf8_lossy(&all).contains(mark) {
        let read = stream.read(&mut part).unwrap();
        assert!(read > 0, "the stream ended: {}", String::from_utf8_lossy(&all));
        all.extend_from_slice(&part[..read]);
    }
}
