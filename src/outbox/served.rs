//! How many connections the other side serves: what is configured, until it shows that it
//! serves fewer, and then one more again from time to time.

/// After so many messages one more connection is tried than the other side served last.
const TAKEN_BEFORE_ONE_MORE: usize = 100;

/// What the other side has shown so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Served {
    most: usize,
    taken: usize,
}

impl Served {
    /// Nothing is known yet.
    pub const UNKNOWN: Self = Self { most: usize::MAX, taken: 0 };

    /// Returns how many connections to use of those configured.
    pub fn of(self, configured: usize) -> usize {
        configured.min(self.most).max(1)
    }

    /// Notes that a message was taken.
    pub const fn taken(&mut self) {
        self.taken += 1;
        if self.taken == TAKEN_BEFORE_ONE_MORE {
            self.taken = 0;
            self.most = self.most.saturating_add(1);
        }
    }

    /// A connection was refused while `others` were served. Returns whether that is fewer than
    /// it was known to serve.
    pub fn refused_beside(&mut self, others: usize) -> bool {
        let before = self.most;
        self.most = before.min(others.max(1));
        self.taken = 0;
        self.most < before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_served_is_used_and_one_more_is_tried_after_a_while() {
        enum Event {
            Taken(usize),
            RefusedBeside(usize),
        }
        use Event::{RefusedBeside, Taken};
        for (configured, events, used) in [
            (4, vec![], 4),
            (0, vec![], 1),
            (4, vec![RefusedBeside(3)], 3),
            // Four begin at once, and the server takes one: who is refused sees fewer each time.
            (4, vec![RefusedBeside(3), RefusedBeside(2), RefusedBeside(1)], 1),
            // Who was refused last saw what was served before it.
            (4, vec![RefusedBeside(1), RefusedBeside(2)], 1),
            (4, vec![RefusedBeside(0)], 1),
            (4, vec![RefusedBeside(1), Taken(99)], 1),
            (4, vec![RefusedBeside(1), Taken(100)], 2),
            (4, vec![RefusedBeside(1), Taken(1_000)], 4),
            // A try of one more that fails begins the count anew.
            (4, vec![RefusedBeside(1), Taken(100), RefusedBeside(1), Taken(99)], 1),
            (4, vec![RefusedBeside(1), Taken(100), RefusedBeside(1), Taken(100)], 2),
        ] {
            let mut served = Served::UNKNOWN;
            for event in events {
                match event {
                    Taken(messages) => (0..messages).for_each(|_| served.taken()),
                    RefusedBeside(others) => drop(served.refused_beside(others)),
                }
            }
            assert_eq!(served.of(configured), used, "{served:?}");
        }
    }
    #[test]
    fn only_who_sees_fewer_served_than_before_is_news() {
        let mut served = Served::UNKNOWN;
        assert_eq!(
            [3, 3, 4, 2].map(|others| served.refused_beside(others)),
            [true, false, false, true]
        );
    }
}
