//! Contestants do the same work in turn, A B C A B C, so that other load on the machine affects all of them
//! equally.

use std::time::Duration;

use crate::load::{Load, Request};
use crate::server::{self, Server};

/// How many rounds there are, and how long a turn is.
#[derive(Clone, Copy)]
pub struct Plan {
    pub rounds: usize,
    pub round: Duration,
}

pub struct Contestant<'a> {
    drive: Box<dyn FnMut(Duration) -> Load + 'a>,
    cpu: Box<dyn Fn() -> Duration + 'a>,
}

impl<'a> Contestant<'a> {
    /// A server under load from all connections, each with its script.
    pub fn http(server: &'a Server, scripts: &'a [Vec<Request>]) -> Contestant<'a> {
        Contestant::new(server, |long| Load::run(server.port, scripts, long))
    }

    /// A server under another kind of load.
    pub fn new(server: &'a Server, drive: impl FnMut(Duration) -> Load + 'a) -> Contestant<'a> {
        Contestant { drive: Box::new(drive), cpu: Box::new(|| server.cpu()) }
    }

    /// Work that this process does.
    pub fn own(drive: impl FnMut(Duration) -> Load + 'a) -> Contestant<'a> {
        Contestant { drive: Box::new(drive), cpu: Box::new(|| server::cpu("self")) }
    }
}

/// The result of a contestant over all its turns.
pub struct Measured {
    /// Requests a second; the median of the turns.
    pub rate: f64,
    /// CPU milliseconds of a request, user and system.
    pub cpu_ms: f64,
    pub p50_ms: f64,
    pub p99_ms: f64,
}

pub fn in_turn(contestants: Vec<Contestant<'_>>, plan: &Plan) -> Vec<Measured> {
    let begin = |contestant| (contestant, Vec::new(), Vec::new(), Duration::ZERO);
    let mut contestants: Vec<_> = contestants.into_iter().map(begin).collect();
    for _ in 0..plan.rounds {
        for (contestant, rates, times, spent) in &mut contestants {
            let before = (contestant.cpu)();
            let load = (contestant.drive)(plan.round);
            *spent += (contestant.cpu)().saturating_sub(before);
            rates.push(load.rate());
            times.extend(load.times);
        }
    }
    let sum = |(_, rates, mut times, spent): (Contestant<'_>, Vec<f64>, Vec<Duration>, Duration)| {
        times.sort_unstable();
        Measured {
            rate: median(rates),
            cpu_ms: milliseconds(spent) / times.len().max(1) as f64,
            p50_ms: share(&times, 0.5),
            p99_ms: share(&times, 0.99),
        }
    };
    contestants.into_iter().map(sum).collect()
}

pub fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// A quantile in milliseconds; `times` are sorted.
pub fn share(times: &[Duration], share: f64) -> f64 {
    times.get((times.len() as f64 * share) as usize).map_or(0.0, |time| milliseconds(*time))
}

pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}
