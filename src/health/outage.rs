//! Whether the fault is ours: our network, our name servers, our proxy.

use std::collections::HashMap;
use std::time::Duration;

use crate::model::Timestamp;

/// Hosts asked within this time say whose fault it is.
const WINDOW: Duration = Duration::from_mins(30);
/// Where few are asked in that time, so many that were asked last.
const AT_LEAST: usize = 6;
/// But none that was asked longer ago.
const OLDEST: Duration = Duration::from_hours(6);
/// Fewer hosts say nothing.
const FEWEST: usize = 4;

/// The last poll of a source.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Its registrable host.
    pub host: &'a str,
    /// When.
    pub at: Timestamp,
    pub has_failed: bool,
}

/// Returns whether more than half of the hosts that were asked of late failed
/// at their last poll. Over a window and not per pass: passes that are spread
/// over hours ask one host each.
pub fn is_own_outage<'a>(now: Timestamp, asked: impl IntoIterator<Item = Asked<'a>>) -> bool {
    // A host that answers for one of its sources answers.
    let mut hosts: HashMap<&str, (Timestamp, bool)> = HashMap::new();
    for poll in asked {
        if poll.at > now || now.since(poll.at) > OLDEST {
            continue;
        }
        let host = hosts.entry(poll.host).or_insert((poll.at, poll.has_failed));
        host.0 = host.0.max(poll.at);
        host.1 &= poll.has_failed;
    }
    let mut polls: Vec<(Timestamp, bool)> = hosts.into_values().collect();
    polls.sort_unstable_by(|a, b| b.cmp(a));
    let recent = polls.iter().take_while(|(at, _)| now.since(*at) <= WINDOW).count();
    polls.truncate(recent.max(AT_LEAST));
    let failed = polls.iter().filter(|(_, has_failed)| *has_failed).count();
    polls.len() >= FEWEST && failed * 2 > polls.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outage(polls: &[(&str, u64, bool)]) -> bool {
        let now = Timestamp::from_seconds(1_000_000);
        is_own_outage(
            now,
            polls.iter().map(|(host, minutes, has_failed)| Asked {
                host,
                at: now.before(Duration::from_mins(*minutes)),
                has_failed: *has_failed,
            }),
        )
    }

    #[test]
    fn most_hosts_of_the_window_failing_is_our_outage_however_many_passes_asked_them() {
        let failing = [("a", 1, true), ("b", 9, true), ("c", 17, true), ("d", 25, true)];
        assert!(outage(&failing));
        assert!(!outage(&failing[..3]), "three say nothing");
        // Sources of one host are one voice, and one that is read speaks for it.
        assert!(!outage(&[("a", 1, true), ("a", 2, true), ("a", 3, true), ("a", 4, true)]));
        let half = [("a", 1, true), ("b", 2, true), ("c", 3, false), ("d", 4, false)];
        assert!(!outage(&half));
        let mut read = failing.to_vec();
        read.extend([("a", 2, false), ("b", 2, false)]);
        assert!(!outage(&read));
    }

    #[test]
    fn what_was_read_before_the_window_does_not_hide_it_where_many_are_asked() {
        let mut polls = vec![("a", 1, true), ("b", 2, true), ("c", 3, true), ("d", 4, true)];
        let names: Vec<String> = (0..20).map(|n| format!("h{n}")).collect();
        polls.extend(names.iter().take(2).map(|name| (name.as_str(), 40, false)));
        assert!(outage(&polls), "the six asked last");
        // In an installation of few sources hours pass between polls.
        assert!(outage(&[("a", 50, true), ("b", 70, true), ("c", 90, true), ("d", 110, true)]));
        assert!(!outage(&[("a", 400, true), ("b", 400, true), ("c", 400, true), ("d", 400, true)]));
    }
}
