//! The state machine and back-off of a frozen message; no SQL, no socket.

mod served;

use std::time::Duration;

use sha2::{Digest as _, Sha256};

pub use self::served::Served;
use crate::model::settings::Bound;
use crate::model::settings::settings;
use crate::model::{Reader, Retry, State, Timestamp};

settings! {
    /// How patient the outbox is.
    #[derive(Copy, PartialEq, Eq)]
    pub struct Settings in "mail" checked by check {
        /// Pause after the first failure; doubles with each further one.
        retry_first: Duration = "5m", Bound::NotZero;
        /// Longest pause.
        retry_max: Duration = "4h", Bound::NotZero;
        /// Age at which a message is given up: a digest of days ago is no news.
        give_up: Duration = "2d", Bound::NotZero;
    }
}

fn check(settings: &mut Settings, reader: &mut Reader<'_>) {
    if settings.retry_first > settings.retry_max {
        reader.problem("retry_first", "must not be longer than `retry_max`");
    }
    if settings.retry_first > settings.give_up {
        reader.problem("give_up", "must not be shorter than `retry_first`");
    }
}

/// A message whose attempt has ended.
#[derive(Debug, Clone, Copy)]
pub struct Attempt<'a> {
    /// Spreads retries, the same at each run; its Message-ID does well.
    pub id: &'a str,
    /// When it was frozen.
    pub created: Timestamp,
    /// Attempts so far, with the one that just ended.
    pub attempts: u32,
}

/// Returns the state after the other side took it.
pub const fn after_success(now: Timestamp) -> State {
    State::Sent { at: now }
}

/// Returns the state after it was not taken: when to try again, or that it is given up.
pub fn after_failure(
    attempt: &Attempt<'_>,
    retry: Retry,
    now: Timestamp,
    settings: &Settings,
) -> State {
    let expires = attempt.created.after(settings.give_up);
    let backed_off = now.after(wait(attempt.id, attempt.attempts, settings));
    let until = match retry {
        Retry::Never => return State::Dead { at: now },
        Retry::Later => backed_off,
        Retry::NotBefore(instant) => backed_off.max(instant),
    };
    if now >= expires {
        return State::Dead { at: now };
    }
    // One last try at the very end rather than none after it.
    State::Deferred { until: until.min(expires) }
}

/// Attempts of a message whose text is refused for good: the same text goes to
/// all readers of a digest, and one moody filter must not end a whole issue.
const TRIES_OF_REFUSED_TEXT: u32 = 3;

/// Returns when a message is tried again whose text was refused with 5xx, or that it is
/// given up.
pub fn after_refused_text(attempt: &Attempt<'_>, now: Timestamp, settings: &Settings) -> State {
    if attempt.attempts >= TRIES_OF_REFUSED_TEXT {
        return State::Dead { at: now };
    }
    after_failure(attempt, Retry::Later, now, settings)
}

/// Refusals in a row, for what they say, of messages of one digest after which the rest of it is
/// held: all say the same, and whoever goes on is taken for a sender of junk.
const REFUSALS_OF_A_DIGEST: usize = 5;

/// Returns whether the rest of a digest is held, of which so many messages in a row were
/// refused for what they say.
pub const fn holds_digest(refused_in_a_row: usize) -> bool {
    refused_in_a_row >= REFUSALS_OF_A_DIGEST
}

/// Returns how long the whole outbox rests after the `failures`-th fault in a row that
/// is not the message's (refused login, refused connection): doubling as for
/// messages, so that a relay that is down is not stormed.
pub fn pause(failures: u32, settings: &Settings) -> Duration {
    doubled(failures, settings)
}

/// Returns whether the admin should be told that sending rested: always if they had to
/// act, else if readers may have noticed.
pub fn is_worth_telling(rested: Duration, needs_operator: bool) -> bool {
    needs_operator || rested >= Duration::from_hours(1)
}

/// Returns the wait: exponential, and up to a fifth longer by the message's id: retries of one
/// outage do not come back in one wave.
fn wait(id: &str, attempts: u32, settings: &Settings) -> Duration {
    let base = doubled(attempts, settings);
    let mut hasher = Sha256::new();
    hasher.update(id.as_bytes());
    hasher.update(attempts.to_be_bytes());
    let jitter = u32::from(hasher.finalize()[0]);
    base + base / 5 * jitter / 255
}

fn doubled(attempts: u32, settings: &Settings) -> Duration {
    let doublings = attempts.saturating_sub(1).min(30);
    settings.retry_first.saturating_mul(1 << doublings).min(settings.retry_max)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: Settings = Settings {
        retry_first: Duration::from_secs(100),
        retry_max: Duration::from_secs(1000),
        give_up: Duration::from_secs(10_000),
    };

    fn attempt(attempts: u32) -> Attempt<'static> {
        Attempt { id: "d.1@x.de", created: Timestamp(0), attempts }
    }

    fn waited(attempts: u32) -> u64 {
        let now = Timestamp::from_seconds(50);
        match after_failure(&attempt(attempts), Retry::Later, now, &SETTINGS) {
            State::Deferred { until } => until.since(now).as_secs(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn waits_double_up_to_the_limit_and_are_the_same_at_each_run() {
        for (attempts, least) in [(1, 100), (2, 200), (3, 400), (4, 800), (5, 1000), (99, 1000)] {
            let seconds = waited(attempts);
            assert!((least..=least * 6 / 5).contains(&seconds), "{attempts}: {seconds}");
            assert_eq!(seconds, waited(attempts));
        }
    }

    #[test]
    fn retries_of_one_outage_come_back_spread_over_a_fifth_of_the_wait() {
        let waits: Vec<u128> =
            (0..100).map(|n| wait(&format!("d.{n}@x.de"), 1, &SETTINGS).as_millis()).collect();
        let (least, most) = (waits.iter().min().unwrap(), waits.iter().max().unwrap());
        assert!(*least < 103_000 && *most > 117_000 && *most <= 120_000, "{least}..{most}");
    }

    #[test]
    fn five_refusals_in_a_row_hold_a_digest_and_an_hour_of_rest_is_told() {
        assert!(!holds_digest(4) && holds_digest(5));
        let mins = Duration::from_mins;
        assert!(!is_worth_telling(mins(59), false) && is_worth_telling(mins(60), false));
        assert!(is_worth_telling(Duration::ZERO, true));
    }

    #[test]
    fn a_refusal_for_good_ends_it_at_once() {
        let now = Timestamp(7);
        assert_eq!(
            after_failure(&attempt(1), Retry::Never, now, &SETTINGS),
            State::Dead { at: now }
        );
        assert_eq!(after_success(now), State::Sent { at: now });
    }

    #[test]
    fn a_refused_text_is_tried_three_times() {
        let now = Timestamp(7);
        let after = |attempts| after_refused_text(&attempt(attempts), now, &SETTINGS);
        assert!(matches!(after(1), State::Deferred { .. }));
        assert!(matches!(after(2), State::Deferred { .. }));
        assert_eq!(after(3), State::Dead { at: now });
    }

    #[test]
    fn an_old_message_gets_one_last_try_and_is_then_given_up() {
        let nearly = Timestamp::from_seconds(9_990);
        let last = Timestamp::from_seconds(10_000);
        assert_eq!(
            after_failure(&attempt(9), Retry::Later, nearly, &SETTINGS),
            State::Deferred { until: last }
        );
        assert_eq!(
            after_failure(&attempt(10), Retry::Later, last, &SETTINGS),
            State::Dead { at: last }
        );
    }

    #[test]
    fn the_other_sides_word_can_lengthen_a_wait_but_not_shorten_it() {
        let now = Timestamp(0);
        let at = |seconds| Retry::NotBefore(Timestamp::from_seconds(seconds));
        let later = after_failure(&attempt(1), at(5_000), now, &SETTINGS);
        assert_eq!(later, State::Deferred { until: Timestamp::from_seconds(5_000) });
        let sooner = after_failure(&attempt(1), at(1), now, &SETTINGS);
        assert!(matches!(sooner, State::Deferred { until } if until.seconds() >= 100));
    }

    #[test]
    fn a_relay_that_is_down_is_not_stormed() {
        assert_eq!(pause(1, &SETTINGS), Duration::from_secs(100));
        assert_eq!(pause(50, &SETTINGS), Duration::from_secs(1000));
    }
}
