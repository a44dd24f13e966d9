//! What long work says of itself while it lasts: one line on stderr that is written over, on a
//! terminal only. It is gone before the result is printed, and in a pipe there is none.
//!
//! It looks at what the work leaves behind (rows, files) instead of being told: so it is the same
//! whether this process works or the service that the work was handed to.

use std::io::{self, IsTerminal as _, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::output::cut;
use super::{Output, Session};
use crate::model::BoxFuture;
use crate::store::{outbox, sources};
use crate::text::harmless_line;

/// Between two looks. What ends before the first one says nothing.
const EVERY: Duration = Duration::from_millis(500);
/// Columns of the line where the terminal does not tell its width.
const WIDTH: u16 = 80;

/// What is to be said now; nothing leaves the line as it is.
type Look = Box<dyn FnMut() -> BoxFuture<'static, Option<String>> + Send>;

/// The line, until it is dropped.
pub(super) struct Progress(Option<Arc<Mutex<Line>>>);

impl Progress {
    fn show(output: &Output, mut look: Look) -> Self {
        if output.quiet || !io::stderr().is_terminal() {
            return Self(None);
        }
        let line = Arc::new(Mutex::new(Line::default()));
        let shared = Arc::clone(&line);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(EVERY).await;
                let said = look().await;
                let mut line = shared.lock().unwrap_or_else(PoisonError::into_inner);
                if line.has_ended {
                    break;
                }
                if let Some(said) = said {
                    let width = terminal_size::terminal_size_of(io::stderr());
                    let width = width.map_or(WIDTH, |(width, _)| width.0);
                    line.write(&mut io::stderr().lock(), &said, width);
                }
            }
        });
        Self(Some(line))
    }

    /// Shows a poll of so many sources.
    pub(super) fn of_poll(session: &Session, total: usize) -> Self {
        let (store, begin) = (session.ctx.store.clone(), session.ctx.clock.now());
        let look = move || -> BoxFuture<'static, Option<String>> {
            let store = store.clone();
            Box::pin(async move {
                let asked = store.read(move |tx| sources::count_asked_since(tx, begin)).await;
                asked.ok().map(|asked| format!("asked {} of {total} sources", asked.min(total)))
            })
        };
        Self::show(&session.output, Box::new(look))
    }

    /// Shows mails that are being sent.
    pub(super) fn of_sending(session: &Session) -> Self {
        let store = session.ctx.store.clone();
        let look = move || -> BoxFuture<'static, Option<String>> {
            let store = store.clone();
            Box::pin(async move {
                let waiting = store.read(outbox::count_waiting).await.ok()?;
                Some(format!("{waiting} mails wait to be sent"))
            })
        };
        Self::show(&session.output, Box::new(look))
    }

    /// Shows a file that grows to the size of another one.
    pub(super) fn of_copy(output: &Output, from: &Path, to: PathBuf) -> Self {
        let from = from.to_owned();
        let look = move || -> BoxFuture<'static, Option<String>> {
            let size = |path: &Path| std::fs::metadata(path).map_or(0, |file| file.len() >> 20);
            let said = format!("copied {} of {} MiB", size(&to), size(&from));
            Box::pin(std::future::ready(Some(said)))
        };
        Self::show(output, Box::new(look))
    }

    /// Shows work of which only its name is known.
    pub(super) fn of(output: &Output, name: &'static str) -> Self {
        let mut ticks = 0;
        let look = move || -> BoxFuture<'static, Option<String>> {
            ticks += 1;
            let said = format!("{name} {}", ".".repeat(ticks % 4));
            Box::pin(std::future::ready(Some(said)))
        };
        Self::show(output, Box::new(look))
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(line) = &self.0 {
            line.lock().unwrap_or_else(PoisonError::into_inner).end(&mut io::stderr().lock());
        }
    }
}

/// The line on the terminal.
#[derive(Default)]
struct Line {
    is_shown: bool,
    has_ended: bool,
}

impl Line {
    /// Writes over what stands there, never more than a line: the rest could not be taken back.
    fn write(&mut self, out: &mut impl Write, text: &str, width: u16) {
        self.is_shown = true;
        let text = cut(&harmless_line(text), usize::from(width).saturating_sub(1));
        let _ = write!(out, "\r\u{1b}[K{text}").and_then(|()| out.flush());
    }

    fn end(&mut self, out: &mut impl Write) {
        self.has_ended = true;
        if self.is_shown {
            let _ = write!(out, "\r\u{1b}[K").and_then(|()| out.flush());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_written_over_and_leaves_nothing_behind() {
        let mut terminal = Vec::new();
        let mut line = Line::default();
        line.write(&mut terminal, "asked 17 of 42 sources", 12);
        line.write(&mut terminal, "a\u{1b}b", 80);
        line.end(&mut terminal);
        let shown = String::from_utf8(terminal).unwrap();
        assert_eq!(shown, "\r\u{1b}[Kasked 17 o…\r\u{1b}[Ka\u{fffd}b\r\u{1b}[K");
    }

    #[test]
    fn what_ends_at_once_says_nothing() {
        let mut terminal = Vec::new();
        Line::default().end(&mut terminal);
        assert!(terminal.is_empty());
    }
}
