//! The log on stderr: with priorities where the journal reads it, and without
//! the same line again and again.

use std::collections::HashMap;
use std::io::{self, IsTerminal as _, Write as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

use super::Global;
use crate::clock::Stopwatch;
use crate::text::harmless_line;

/// The same line within this time is not written again: a full disk would say it
/// many times a second.
const QUIET_FOR: Duration = Duration::from_mins(1);
/// Different lines that are remembered.
const MOST_REMEMBERED: usize = 256;

/// Starts the log: the daemon tells what it does, commands only what went wrong.
pub(super) fn start(global: &Global, is_daemon: bool) {
    let level = match (global.quiet, global.verbose, is_daemon) {
        (true, ..) => "error",
        (_, 0, true) | (_, 1, false) => "info",
        (_, 0, false) => "warn",
        _ => "debug",
    };
    let filter = tracing_subscriber::EnvFilter::new(format!("error,amtsbote={level}"));
    let lines = Lines {
        has_priorities: is_daemon && is_journal(global.environment.journal_stream.as_deref()),
        said: is_daemon.then(Arc::default),
    };
    // Without colours: what is piped or kept must hold no escape, ours included.
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(lines)
        .with_target(false)
        .with_ansi(false);
    // The journal has its own clock.
    let _ = if global.json && is_daemon {
        builder.json().try_init()
    } else if is_daemon {
        builder.without_time().try_init()
    } else {
        builder.with_ansi(io::stderr().is_terminal()).try_init()
    };
}

/// Returns whether stderr is the stream of the journal that `$JOURNAL_STREAM` names.
fn is_journal(stream: Option<&str>) -> bool {
    let Some((device, inode)) = stream.and_then(|stream| stream.split_once(':')) else {
        return false;
    };
    rustix::fs::fstat(io::stderr())
        .is_ok_and(|file| device.parse() == Ok(file.st_dev) && inode.parse() == Ok(file.st_ino))
}

/// Lines said of late: since when, and how often more.
type Said = Arc<Mutex<HashMap<Vec<u8>, (Stopwatch, u64)>>>;

#[derive(Clone)]
struct Lines {
    has_priorities: bool,
    /// Of the daemon only: what a command says twice it means twice.
    said: Option<Said>,
}

/// One line, written when it is dropped.
struct Line {
    priority: Option<u8>,
    said: Option<Said>,
    text: Vec<u8>,
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Line;

    fn make_writer(&'a self) -> Line {
        Line { priority: None, said: self.said.clone(), text: Vec::new() }
    }

    fn make_writer_for(&'a self, meta: &Metadata<'_>) -> Line {
        let priority = self.has_priorities.then(|| priority(*meta.level()));
        // What was done is told each time.
        let said = self.said.clone().filter(|_| *meta.level() <= Level::WARN);
        Line { priority, said, text: Vec::new() }
    }
}

/// Returns the priority of syslog (`sd-daemon(3)`).
fn priority(level: Level) -> u8 {
    match level {
        Level::ERROR => 3,
        Level::WARN => 4,
        Level::INFO => 6,
        _ => 7,
    }
}

impl io::Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let Some(more) = self.said.as_ref().map_or(Some(0), |said| note(said, &self.text)) else {
            return;
        };
        let mut line = Vec::with_capacity(self.text.len() + 4);
        if let Some(priority) = self.priority {
            line.extend_from_slice(format!("<{priority}>").as_bytes());
        }
        // An event is a line, whatever text of strangers stands in it.
        let text = String::from_utf8_lossy(self.text.trim_ascii_end());
        line.extend_from_slice(harmless_line(&text).as_bytes());
        if more > 0 {
            line.extend_from_slice(format!(" ({more} times more since)").as_bytes());
        }
        line.push(b'\n');
        let _ = io::stderr().lock().write_all(&line);
    }
}

/// Returns how often the line was left out since it was written last; none if it
/// is left out now.
fn note(said: &Said, line: &[u8]) -> Option<u64> {
    let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
    match said.get_mut(line) {
        Some((since, more)) if since.elapsed() < QUIET_FOR => {
            *more += 1;
            None
        }
        Some(known) => Some(std::mem::replace(known, (Stopwatch::start(), 0)).1),
        None => {
            if said.len() >= MOST_REMEMBERED {
                said.retain(|_, (since, _)| since.elapsed() < QUIET_FOR);
            }
            if said.len() < MOST_REMEMBERED {
                said.insert(line.to_vec(), (Stopwatch::start(), 0));
            }
            Some(0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_line_is_written_once_a_minute_and_others_are_not_held_back() {
        let said = Said::default();
        assert_eq!(note(&said, b"the disk is full"), Some(0));
        assert_eq!(note(&said, b"the disk is full"), None);
        assert_eq!(note(&said, b"kitu: read, 1 new"), Some(0));
        for number in 0..1000 {
            assert_eq!(note(&said, format!("{number}").as_bytes()), Some(0));
        }
        assert!(said.lock().unwrap().len() <= MOST_REMEMBERED);
    }

    #[test]
    fn each_level_has_the_priority_that_the_journal_filters_by() {
        let levels = [Level::ERROR, Level::WARN, Level::INFO, Level::DEBUG];
        assert_eq!(levels.map(priority), [3, 4, 6, 7]);
        assert!(!is_journal(None) && !is_journal(Some("0:0")) && !is_journal(Some("rubbish")));
    }
}
