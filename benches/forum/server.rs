//! A server process, its use of memory and CPU, and its end.

use std::io::ErrorKind;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

pub struct Server {
    pub port: u16,
    process: Child,
}

impl Server {
    /// Runs `command`, which starts a server on `port`, and waits until it accepts connections.
    pub fn start(command: &mut Command, port: u16) -> Server {
        let mut server = Server { port, process: command.spawn().unwrap() };
        let began = Instant::now();
        while let Err(error) = TcpStream::connect(("127.0.0.1", port)) {
            assert_eq!(error.kind(), ErrorKind::ConnectionRefused, "{error}");
            assert_eq!(server.process.try_wait().unwrap(), None, "{command:?} ended");
            assert!(began.elapsed() < Duration::from_secs(120), "{command:?} does not answer");
            std::thread::sleep(Duration::from_millis(1));
        }
        server
    }

    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Resident memory in megabytes.
    pub fn resident_mb(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
    }

    /// CPU time of the process and its workers, user and system.
    pub fn cpu(&self) -> Duration {
        let id = self.pid();
        let workers = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
        cpu(&id.to_string()) + workers.split_whitespace().map(cpu).sum::<Duration>()
    }

    pub fn stop(&mut self) {
        if !matches!(self.process.try_wait(), Ok(None)) {
            return;
        }
        // On this signal nginx stops its workers.
        let _ = Command::new("kill").arg(self.pid().to_string()).status();
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(2) && matches!(self.process.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(5));
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// CPU time of a process; `self` is this one.
pub fn cpu(id: &str) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    // A tick is a hundredth of a second on Linux.
    Duration::from_millis(ticks * 10)
}

pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
