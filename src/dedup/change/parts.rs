//! The parts of a change that are said, the weightiest first.

/// Parts of a change that are said.
const MOST_PARTS: usize = 8;

/// What is told first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    Outcome,
    Deadline,
    Date,
    Value,
    Document,
    Title,
    Sentence,
}

/// The parts of a change.
#[derive(Default)]
pub(super) struct Parts {
    pub(super) all: Vec<(Rank, String, String)>,
}

impl Parts {
    pub(super) fn add(&mut self, rank: Rank, label: &str, value: &str) {
        // Parts are kept as one line and taken apart again.
        let value = value.replace("; ", ", ");
        if !self.all.iter().any(|(_, known, said)| known == label && *said == value) {
            self.all.push((rank, label.to_owned(), value));
        }
    }

    pub(super) fn in_words(mut self) -> Option<String> {
        self.all.sort_by_key(|(rank, ..)| *rank);
        let unsaid = self.all.len().saturating_sub(MOST_PARTS);
        self.all.truncate(MOST_PARTS);
        let mut said: Vec<String> = Vec::new();
        for (_, label, value) in self.all {
            said.push(match (label.is_empty(), value.is_empty()) {
                (true, _) => value,
                (false, true) => label,
                _ => format!("{label}: {value}"),
            });
        }
        if unsaid > 0 {
            said.push(format!("{unsaid} weitere Änderungen"));
        }
        (!said.is_empty()).then(|| said.join("; "))
    }
}
