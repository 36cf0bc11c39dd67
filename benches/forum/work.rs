//! What is measured: writes by members on stories of their own, pages requested just after a vote, and a wave
//! of visitors.

use std::sync::{Barrier, Mutex, OnceLock};
use std::time::{Duration, Instant};

use crate::load::{CONNECTIONS, Connection, Load, Request};
use crate::site::Site;
use crate::turns::{Contestant, milliseconds};

/// A comment as people write them.
pub const COMMENT: &str = "It was not the harbour but the bridge that they measured in the winter of that \
    year, and *nobody* had asked why. The archive has two letters about it, one of which is lost.\n\nSo the \
    question stands: what did the city pay for the second survey, and who signed for it? The market closed \
    at four, the tide came in at six.";

/// A text of the markup that costs most to parse and render for its length.
pub fn worst_text(length: usize) -> String {
    const MARKS: [&str; 12] = [
        ">>>>>>>>>>>>>>>>#\n\n",
        "- - - - - - - - a\n\n",
        "|a|b|\n|-|-|\n|c\n\n",
        "7) a\n9. b\n\n",
        "[](/)[](/)[](/)\n\n",
        "@ab @cd @ef ",
        "http://a http://b ",
        "*_*_*_**__~~~~",
        "[[[[`````<<<<&&&&",
        "&#8203;&amp;<a@b.c>\n\n",
        "    a\n\n***\n",
        "“https://x.org/(a”。\n\n",
    ];
    MARKS.iter().cycle().flat_map(|mark| mark.repeat(4).chars().collect::<Vec<_>>()).take(length).collect()
}

/// How many connections a wave has.
pub const WAVE: usize = 1_000;

/// Votes cast and withdrawn, by a member for each connection, on stories that only that member votes on.
pub fn votes(site: &Site) -> Vec<Vec<Request>> {
    let both = |session: &str, id| [true, false].map(|up| Request::vote(session, id, up));
    let of_member = |session, stories: Vec<i64>| stories.iter().flat_map(|id| both(session, *id)).collect();
    site.shares().map(|(session, stories)| of_member(session, stories)).collect()
}

/// Comments, by a member for each connection, on stories that only that member comments on.
pub fn comments(site: &Site) -> Vec<Vec<Request>> {
    let comment = |session: &str, id: &i64| Request::comment(session, *id, COMMENT);
    site.shares().map(|(session, stories)| stories.iter().map(|id| comment(session, id)).collect()).collect()
}

/// Pages, each with an item on it; a vote on the item changes the page.
pub fn changed_by_votes(site: &Site) -> Vec<(&'static str, String, i64)> {
    vec![
        ("front page", "/".to_owned(), site.first()),
        ("650-comment thread", format!("/item/{}", site.stories[0]), site.stories[0] + 1),
        ("3,000-comment thread", format!("/item/{}", site.stories[1]), site.stories[1] + 1),
        ("comment page", format!("/item/{}", site.comment()), site.comment()),
    ]
}

/// One connection that votes and requests a page after each vote, and one that only votes: the difference is
/// the cost of the page.
pub struct AfterVote<'a> {
    site: &'a Site,
    votes: [Request; 2],
    page: Request,
}

impl<'a> AfterVote<'a> {
    pub fn new(site: &'a Site, item: i64, page: Request) -> AfterVote<'a> {
        let votes = [true, false].map(|up| Request::vote(&site.members[0], item, up));
        AfterVote { site, votes, page }
    }

    pub fn contestants(&self) -> [Contestant<'_>; 2] {
        let server = &self.site.server;
        [
            Contestant::new(server, |long| self.drive(long, false)),
            Contestant::new(server, |long| self.drive(long, true)),
        ]
    }

    fn drive(&self, long: Duration, with_page: bool) -> Load {
        let mut connection = Connection::open(self.site.server.port);
        let began = Instant::now();
        let mut times = Vec::new();
        while began.elapsed() < long {
            for vote in &self.votes {
                let took = connection.ask(vote);
                times.push(if with_page { connection.ask(&self.page) } else { took });
            }
        }
        Load { times, took: began.elapsed() }
    }
}

/// Opens so many connections and then sends a request on all at once; returns the milliseconds until the last
/// has its response.
pub fn wave(port: u16, requests: &[Request], connections: usize) -> f64 {
    let threads = CONNECTIONS.min(connections);
    let together = Barrier::new(threads + 1);
    let last = Mutex::new(Duration::ZERO);
    let began = OnceLock::new();
    std::thread::scope(|scope| {
        for nth in 0..threads {
            let (together, last, began) = (&together, &last, &began);
            scope.spawn(move || {
                let of = (connections - nth).div_ceil(threads);
                let mut open: Vec<Connection> = (0..of).map(|_| Connection::narrow(port)).collect();
                together.wait();
                let began: &Instant = began.get_or_init(Instant::now);
                open.iter_mut().for_each(|connection| connection.send(&requests[0]));
                open.iter_mut().for_each(|connection| connection.read(&requests[0]));
                let mut last = last.lock().unwrap();
                *last = began.elapsed().max(*last);
            });
        }
        together.wait();
    });
    milliseconds(last.into_inner().unwrap())
}
