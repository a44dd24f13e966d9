//! Fairness to servers: how many requests a host gets at once, and how close together.
//!
//! All hosts of one registrant count as one, since they mostly share a server:
//! that is the last two labels of the name. The public suffix list would know
//! more; a short list of the suffixes that sources of ours live under does.

use std::collections::HashMap;
use std::time::Duration;

use crate::model::Timestamp;

/// Suffixes below which each label is somebody else.
const SHARED_SUFFIXES: &[&str] = &[
    "ac.at",
    "amazonaws.com",
    "ac.uk",
    "azurewebsites.net",
    "blogspot.com",
    "cloudfront.net",
    "co.at",
    "co.uk",
    "github.io",
    "gitlab.io",
    "gov.uk",
    "gv.at",
    "herokuapp.com",
    "netlify.app",
    "or.at",
    "org.uk",
    "pages.dev",
    "vercel.app",
    "wordpress.com",
    "web.app",
];

/// The name under which a host's requests are counted; the host of a URL as it
/// stands there. Addresses and single labels stand for themselves.
pub fn registrable(host: &str) -> String {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    if is_address(&host) {
        return host;
    }
    let labels: Vec<&str> = host.split('.').collect();
    let last = |count: usize| labels[labels.len().saturating_sub(count)..].join(".");
    let two = last(2);
    if SHARED_SUFFIXES.contains(&two.as_str()) { last(3) } else { two }
}

/// Whether the host of a URL is an address; a parsed URL has no other spelling
/// of one than digits and dots, or brackets.
fn is_address(host: &str) -> bool {
    host.starts_with('[') || host.bytes().all(|b| b.is_ascii_digit() || b == b'.')
}

/// Whether a request to a host may start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// It has started: call [`Hosts::finished`] when it ends.
    Now,
    /// Not before this instant.
    At(Timestamp),
    /// When one of the host's running requests has ended.
    AfterAnother,
}

/// What runs where, and until when each host rests.
#[derive(Debug)]
pub struct Hosts {
    per_host: usize,
    spacing: Duration,
    longest_pause: Duration,
    known: HashMap<String, Host>,
}

#[derive(Debug, Default)]
struct Host {
    running: usize,
    /// No start before, for spacing.
    spaced: Timestamp,
    /// No start before, since it said so.
    paused: Timestamp,
}

impl Hosts {
    /// At most `per_host` requests at once to a host (at least one), starts and
    /// ends at least `spacing` apart, no pause longer than `longest_pause`.
    pub fn new(per_host: usize, spacing: Duration, longest_pause: Duration) -> Self {
        Self { per_host: per_host.max(1), spacing, longest_pause, known: HashMap::new() }
    }

    /// Asks for a turn for a request to `host` (as in the URL).
    pub fn start(&mut self, host: &str, now: Timestamp) -> Turn {
        let entry = self.known.entry(registrable(host)).or_default();
        if entry.running >= self.per_host {
            return Turn::AfterAnother;
        }
        // clocks jump: no wait is longer than it could have been when it was set
        entry.spaced = entry.spaced.min(now.after(self.spacing));
        entry.paused = entry.paused.min(now.after(self.longest_pause));
        let free = entry.spaced.max(entry.paused);
        if free > now {
            return Turn::At(free);
        }
        entry.running += 1;
        entry.spaced = now.after(self.spacing);
        Turn::Now
    }

    /// A request to `host` has ended.
    pub fn finished(&mut self, host: &str, now: Timestamp) {
        if let Some(entry) = self.known.get_mut(&registrable(host)) {
            entry.running = entry.running.saturating_sub(1);
            entry.spaced = entry.spaced.max(now.after(self.spacing));
        }
        self.known.retain(|_, host| host.running > 0 || host.spaced > now || host.paused > now);
    }

    /// The host answered 429: none of its sources is asked before `until`. A
    /// bare address or machine name says nothing about who stands behind it: there
    /// only the source that was told so waits.
    pub fn pause(&mut self, host: &str, until: Timestamp) {
        let name = registrable(host);
        if is_address(&name) || !name.contains('.') {
            return;
        }
        let entry = self.known.entry(name).or_default();
        entry.paused = entry.paused.max(until);
    }

    /// Of sources that are due, in order of preference, those that start now,
    /// at most `room`; each is counted as started. The others keep their place,
    /// so that the longest overdue of a host comes first when its turn comes.
    pub fn choose<T>(
        &mut self,
        now: Timestamp,
        room: usize,
        due: impl IntoIterator<Item = (T, String)>,
    ) -> Chosen<T> {
        let mut chosen = Chosen { start: Vec::new(), look_again: None };
        for (source, host) in due {
            if chosen.start.len() >= room {
                break;
            }
            match self.start(&host, now) {
                Turn::Now => chosen.start.push(source),
                Turn::At(at) => {
                    chosen.look_again =
                        Some(chosen.look_again.map_or(at, |soonest| soonest.min(at)));
                }
                Turn::AfterAnother => {}
            }
        }
        chosen
    }
}

/// What [`Hosts::choose`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen<T> {
    /// These start now.
    pub start: Vec<T>,
    /// When the first of the hosts that rest is free again; one that is busy
    /// tells by ending.
    pub look_again: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(1_000_000 + seconds)
    }

    fn hosts() -> Hosts {
        Hosts::new(1, 2 * SECOND, 100 * SECOND)
    }

    #[test]
    fn names_of_one_registrant_count_as_one() {
        for (host, name) in [
            ("www.stadt.de", "stadt.de"),
            ("a.b.Stadt.DE.", "stadt.de"),
            ("stadt.de", "stadt.de"),
            ("localhost", "localhost"),
            ("127.0.0.1", "127.0.0.1"),
            ("[2001:db8::1]", "[2001:db8::1]"),
            ("verein.github.io", "verein.github.io"),
            ("a.verein.github.io", "verein.github.io"),
            ("www.linz.gv.at", "linz.gv.at"),
            ("", ""),
        ] {
            assert_eq!(registrable(host), name, "{host}");
        }
    }

    #[test]
    fn a_host_gets_one_request_at_a_time_and_a_rest_between_them() {
        let mut hosts = hosts();
        assert_eq!(hosts.start("www.stadt.de", at(0)), Turn::Now);
        assert_eq!(hosts.start("rss.stadt.de", at(5)), Turn::AfterAnother);
        assert_eq!(hosts.start("other.de", at(5)), Turn::Now);
        hosts.finished("www.stadt.de", at(10));
        assert_eq!(hosts.start("rss.stadt.de", at(11)), Turn::At(at(12)));
        assert_eq!(hosts.start("rss.stadt.de", at(12)), Turn::Now);
    }

    #[test]
    fn two_at_a_time_still_start_apart() {
        let mut hosts = Hosts::new(2, 2 * SECOND, 100 * SECOND);
        assert_eq!(hosts.start("a.de", at(0)), Turn::Now);
        assert_eq!(hosts.start("a.de", at(1)), Turn::At(at(2)));
        assert_eq!(hosts.start("a.de", at(2)), Turn::Now);
        assert_eq!(hosts.start("a.de", at(9)), Turn::AfterAnother);
    }

    #[test]
    fn a_paused_host_rests_with_all_its_sources_and_no_other_does() {
        let mut hosts = hosts();
        hosts.pause("www.stadt.de", at(60));
        assert_eq!(hosts.start("rss.stadt.de", at(1)), Turn::At(at(60)));
        assert_eq!(hosts.start("other.de", at(1)), Turn::Now);
        assert_eq!(hosts.start("rss.stadt.de", at(60)), Turn::Now);
    }

    #[test]
    fn an_address_is_not_paused_as_a_whole() {
        let mut hosts = hosts();
        for host in ["127.0.0.1", "[::1]", "localhost"] {
            hosts.pause(host, at(60));
            assert_eq!(hosts.start(host, at(1)), Turn::Now, "{host}");
        }
    }

    #[test]
    fn a_clock_that_jumps_back_does_not_lock_a_host_out() {
        let mut hosts = hosts();
        assert_eq!(hosts.start("a.de", at(1_000_000)), Turn::Now);
        hosts.finished("a.de", at(1_000_000));
        hosts.pause("a.de", at(1_000_050));
        assert_eq!(hosts.start("a.de", at(0)), Turn::At(at(100)));
        assert_eq!(hosts.start("a.de", at(100)), Turn::Now);
    }

    #[test]
    fn one_crowded_host_does_not_hold_up_the_others() {
        let mut hosts = hosts();
        hosts.pause("paused.de", at(30));
        let due: Vec<_> = [(1, "a.de"), (2, "a.de"), (3, "paused.de"), (4, "b.de"), (5, "c.de")]
            .map(|(source, host)| (source, host.to_owned()))
            .into();
        let chosen = hosts.choose(at(0), 2, due.clone());
        assert_eq!(chosen, Chosen { start: vec![1, 4], look_again: Some(at(30)) });
        hosts.finished("a.de", at(1));
        let chosen = hosts.choose(at(1), 9, due);
        assert_eq!(chosen, Chosen { start: vec![5], look_again: Some(at(3)) });
    }

    #[test]
    fn hosts_that_rest_no_more_are_forgotten() {
        let mut hosts = hosts();
        for n in 0..100 {
            let host = format!("host-{n}.de");
            assert_eq!(hosts.start(&host, at(n)), Turn::Now);
            hosts.finished(&host, at(n));
        }
        assert!(hosts.known.len() < 5, "{}", hosts.known.len());
    }
}
