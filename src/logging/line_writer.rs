//! Lines wait in memory for a thread that writes them, so that no request waits for a terminal, a pipe or a
//! disk. There is room for a megabyte; what comes beyond it is dropped, counted, and told.

use std::borrow::Cow;
use std::io::{self, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;

const MAX_WAITING_BYTES: usize = 1024 * 1024;
/// How long the thread rests after it has written, so that lines under load are written many at a time.
const REST: Duration = Duration::from_millis(10);
/// How long the end of the program waits for the last lines.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(2);

#[derive(Default)]
struct Waiting {
    bytes: Vec<u8>,
    dropped: u64,
    is_closed: bool,
    is_idle: bool,
}

#[derive(Clone, Default)]
pub(super) struct WaitingLines(Arc<(Mutex<Waiting>, Condvar)>);

impl WaitingLines {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for lines. `None` once it is closed and all are taken.
    fn take(&self) -> Option<(Vec<u8>, u64)> {
        let mut waiting = self.lock();
        while waiting.bytes.is_empty() && waiting.dropped == 0 {
            if waiting.is_closed {
                return None;
            }
            waiting.is_idle = true;
            waiting = self.0.1.wait(waiting).unwrap_or_else(PoisonError::into_inner);
            waiting.is_idle = false;
        }
        Some((std::mem::take(&mut waiting.bytes), std::mem::take(&mut waiting.dropped)))
    }

    fn close(&self) {
        self.lock().is_closed = true;
        self.0.1.notify_one();
    }

    fn is_closed(&self) -> bool {
        self.lock().is_closed
    }
}

impl Write for WaitingLines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut waiting = self.lock();
        if waiting.bytes.len() + line.len() > MAX_WAITING_BYTES {
            waiting.dropped += 1;
        } else {
            waiting.bytes.extend_from_slice(line);
        }
        if waiting.is_idle {
            self.0.1.notify_one();
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes what still waits when it is dropped.
#[must_use = "the log ends when it is dropped"]
pub struct LogWriter {
    lines: WaitingLines,
    /// Ends when everything is written.
    end: Receiver<()>,
}

impl LogWriter {
    pub(super) fn start(to: impl Write + Send + 'static) -> (LogWriter, WaitingLines) {
        let lines = WaitingLines::default();
        let (thread, (at_end, end)) = (lines.clone(), channel());
        std::thread::spawn(move || {
            write_lines(&thread, to);
            drop(at_end);
        });
        (LogWriter { lines: lines.clone(), end }, lines)
    }
}

impl Drop for LogWriter {
    fn drop(&mut self) {
        self.lines.close();
        // Whoever reads the log may have stopped reading.
        let (Ok(()) | Err(RecvTimeoutError::Disconnected | RecvTimeoutError::Timeout)) =
            self.end.recv_timeout(FLUSH_TIMEOUT);
    }
}

fn write_lines(lines: &WaitingLines, mut to: impl Write) {
    while let Some((bytes, dropped)) = lines.take() {
        let _ = to.write_all(&bytes).and_then(|()| to.flush());
        if dropped > 0 {
            tracing::warn!(lines = dropped, "the log was not read fast enough; lines were dropped");
        }
        if !lines.is_closed() {
            std::thread::sleep(REST);
        }
    }
}

/// Writes each event as one line, whatever line breaks are in what it says.
pub(super) struct OneLine<W>(pub W);

pub(super) struct OneLineWriter<W>(W);

impl<'w, W: MakeWriter<'w>> MakeWriter<'w> for OneLine<W> {
    type Writer = OneLineWriter<W::Writer>;

    fn make_writer(&'w self) -> Self::Writer {
        OneLineWriter(self.0.make_writer())
    }
}

impl<W: Write> Write for OneLineWriter<W> {
    /// Takes a whole event, which ends with a line break.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        self.0.write_all(&in_one_line(event))?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

fn in_one_line(event: &[u8]) -> Cow<'_, [u8]> {
    let is_break = |byte: &u8| matches!(byte, b'\n' | b'\r');
    let text = event.strip_suffix(b"\n").unwrap_or(event);
    if !text.iter().any(is_break) {
        return Cow::Borrowed(event);
    }
    let mut line = Vec::with_capacity(event.len() + 16);
    for byte in text {
        match byte {
            b'\n' => line.extend_from_slice(b"\\n"),
            b'\r' => line.extend_from_slice(b"\\r"),
            other => line.push(*other),
        }
    }
    line.push(b'\n');
    Cow::Owned(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes nothing until it is released.
    struct Stuck(Arc<Mutex<Vec<u8>>>);

    impl Write for Stuck {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("no panic").extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_was_logged_is_written_in_order_before_the_end() {
        let written = Arc::new(Mutex::new(Vec::new()));
        let (writer, mut lines) = LogWriter::start(Stuck(Arc::clone(&written)));
        for number in 0..1_000 {
            writeln!(lines, "{number}").expect("taken");
        }
        drop(writer);
        let expected: String = (0..1_000).map(|number| format!("{number}\n")).collect();
        assert_eq!(String::from_utf8_lossy(&written.lock().expect("no panic")), expected);
    }

    #[test]
    fn a_log_that_nobody_reads_takes_bounded_memory_and_delays_nobody() {
        let written = Arc::new(Mutex::new(Vec::new()));
        let held = written.lock().expect("no panic");
        let (writer, mut lines) = LogWriter::start(Stuck(Arc::clone(&written)));
        let line = [b'a'; 1_024];
        for _ in 0..4 * MAX_WAITING_BYTES / line.len() {
            lines.write_all(&line).expect("taken");
        }
        let (waiting, dropped) = {
            let all = lines.lock();
            (all.bytes.len(), all.dropped)
        };
        assert!(waiting <= MAX_WAITING_BYTES && dropped > 0, "{waiting} bytes, {dropped} dropped");
        drop(held);
        drop(writer);
    }

    #[test]
    fn an_event_is_one_line_whatever_it_says() {
        assert_eq!(&*in_one_line(b"a\n"), b"a\n");
        assert_eq!(&*in_one_line(b"a\nINFO forged\r\nb\n"), b"a\\nINFO forged\\r\\nb\n");
    }
}
