//! How often sign-ups are taken: in memory, by keyed hashes, forgotten in time.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use crate::model::Timestamp;

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);
/// Between two confirmation mails to one address.
const PAUSE: Duration = Duration::from_mins(10);
/// Confirmation mails to one address in a day.
const PER_ADDRESS: usize = 3;
/// Sign-ups of one client in an hour.
const PER_CLIENT: usize = 10;
/// Sign-ups in all in an hour. It bounds the memory of the others too.
const IN_ALL: usize = 200;

/// What was let in lately.
#[derive(Debug, Default)]
pub(super) struct Limits {
    all: VecDeque<Timestamp>,
    clients: HashMap<String, VecDeque<Timestamp>>,
    addresses: HashMap<String, VecDeque<Timestamp>>,
}

impl Limits {
    /// Returns whether one more sign-up is taken from `client`, and counts it if so.
    pub(super) fn admit(&mut self, client: &str, now: Timestamp) -> bool {
        forget(&mut self.all, now, HOUR);
        self.clients.retain(|_, times| {
            forget(times, now, HOUR);
            !times.is_empty()
        });
        let of_client = self.clients.get(client).map_or(0, VecDeque::len);
        if self.all.len() >= IN_ALL || of_client >= PER_CLIENT {
            return false;
        }
        self.all.push_back(now);
        self.clients.entry(client.to_owned()).or_default().push_back(now);
        true
    }

    /// Returns whether one more mail may go to `address`, and counts it if so.
    pub(super) fn may_mail(&mut self, address: &str, now: Timestamp) -> bool {
        self.addresses.retain(|_, times| {
            forget(times, now, DAY);
            !times.is_empty()
        });
        let times = self.addresses.entry(address.to_owned()).or_default();
        let is_soon = times.back().is_some_and(|last| now.since(*last) < PAUSE);
        if times.len() >= PER_ADDRESS || is_soon {
            return false;
        }
        times.push_back(now);
        true
    }
}

fn forget(times: &mut VecDeque<Timestamp>, now: Timestamp, period: Duration) {
    while times.front().is_some_and(|first| now.since(*first) >= period) {
        times.pop_front();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp(minutes * 60_000)
    }

    #[test]
    fn an_address_gets_one_mail_in_ten_minutes_and_three_a_day() {
        let mut limits = Limits::default();
        let sent: Vec<i64> =
            (0..24 * 60 + 30).step_by(5).filter(|m| limits.may_mail("a", at(*m))).collect();
        assert_eq!(sent, [0, 10, 20, 24 * 60, 24 * 60 + 10, 24 * 60 + 20]);
        assert!(limits.may_mail("b", at(0)));
    }

    #[test]
    fn a_client_signs_up_ten_times_an_hour() {
        let mut limits = Limits::default();
        assert_eq!((0..20).filter(|_| limits.admit("a", at(0))).count(), 10);
        assert!(limits.admit("b", at(0)));
        assert!(!limits.admit("a", at(59)));
        assert!(limits.admit("a", at(60)));
    }

    #[test]
    fn all_together_sign_up_two_hundred_times_an_hour_and_no_more_is_remembered() {
        let mut limits = Limits::default();
        let admitted = (0..5000).filter(|i| limits.admit(&i.to_string(), at(0))).count();
        assert_eq!((admitted, limits.clients.len()), (200, 200));
        assert!(limits.admit("late", at(60)));
        assert_eq!(limits.clients.len(), 1);
    }
}
