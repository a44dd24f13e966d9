//! No more messages a minute to the addresses of one domain than the config
//! allows: large receivers turn away senders who suddenly write to many.

use std::collections::HashMap;
use std::num::NonZero;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::model::{Claim, OutboxEntry, OutboxId, Timestamp};

/// Domains that are remembered before those whose turn has passed are let go.
const MOST_DOMAINS: usize = 1000;

/// Whose turn is when. It lives in memory: what waits for its turn keeps it in
/// the database, and whoever comes after a restart comes at that pace anyway.
#[derive(Default)]
pub(in crate::pipeline) struct Pace(Mutex<Turns>);

#[derive(Default)]
struct Turns {
    /// By domain, when the next message may go.
    next: HashMap<String, Timestamp>,
    /// Messages that were told to wait, and until when.
    promised: HashMap<OutboxId, Timestamp>,
}

impl Pace {
    /// Parts what may go now from what waits for its turn, with the turn.
    pub(super) fn part(
        &self,
        claimed: Vec<OutboxEntry>,
        per_minute: Option<NonZero<u32>>,
        now: Timestamp,
    ) -> (Vec<OutboxEntry>, Vec<(Claim, Timestamp)>) {
        let Some(per_minute) = per_minute else { return (claimed, Vec::new()) };
        let interval = Duration::from_mins(1) / per_minute.get();
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if turns.next.len() > MOST_DOMAINS {
            turns.next.retain(|_, next| *next > now);
        }
        let (mut go, mut wait) = (Vec::new(), Vec::new());
        for entry in claimed {
            let turn = turns.of(&entry, interval, now);
            if turn <= now {
                go.push(entry);
            } else {
                turns.promised.insert(entry.id, turn);
                wait.push((entry.claim, turn));
            }
        }
        (go, wait)
    }
}

impl Turns {
    /// Returns the turn that was promised, or the next one, which is then taken.
    fn of(&mut self, entry: &OutboxEntry, interval: Duration, now: Timestamp) -> Timestamp {
        if let Some(promised) = self.promised.remove(&entry.id) {
            return promised;
        }
        let domain = entry.recipient.rsplit('@').next().unwrap_or_default().to_lowercase();
        let next = self.next.entry(domain).or_insert(now);
        let turn = (*next).max(now);
        *next = turn.after(interval);
        turn
    }
}
