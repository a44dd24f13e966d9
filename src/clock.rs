//! The only `now` in the program.

use crate::model::Timestamp;

/// Tells the time of day. Timers are tokio's; this is for what is written down.
pub trait Clock: Send + Sync {
    /// Returns the instant it is.
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is its home")]
    fn now(&self) -> Timestamp {
        chrono::Utc::now().into()
    }
}

/// A clock for tests: a chosen instant plus what tokio's clock has elapsed
/// since, so that with paused time one `advance` moves timers and wall clock.
#[derive(Debug, Clone, Copy)]
pub struct TestClock {
    base: Timestamp,
    start: tokio::time::Instant,
}

impl TestClock {
    /// Makes a clock that says `base` now. Must be called inside the runtime.
    #[expect(clippy::disallowed_methods, reason = "tokio's pausable clock, in the clock's home")]
    pub fn new(base: Timestamp) -> Self {
        Self { base, start: tokio::time::Instant::now() }
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        self.base.after(self.start.elapsed())
    }
}

/// Measures how long something took, for logs and reports. Nothing is decided by it.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(std::time::Instant);

impl Stopwatch {
    /// Starts now.
    #[expect(clippy::disallowed_methods, reason = "this is its home")]
    pub fn start() -> Self {
        Self(std::time::Instant::now())
    }

    /// Returns the time since the start.
    pub fn elapsed(self) -> std::time::Duration {
        self.0.elapsed()
    }

    /// Returns whole milliseconds since the start.
    pub fn milliseconds(self) -> u64 {
        u64::try_from(self.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}
