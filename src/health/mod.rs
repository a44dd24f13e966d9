//! How the service fares: one model, from which every view is made.
//!
//! [`Facts`] are what was seen at one moment; the findings of [`Health`] say what of it
//! someone should know. `status`, the plugin, `/healthz`, `/metrics`, the line
//! of systemd and the log of the daemon show the same findings, so that none of
//! them can say another thing than the others. Looks at nothing itself.

mod facts;
mod judge;
mod outage;
mod views;

pub use facts::{Database, Facts, Held, Lost, Rest, Sending, Service, Slot, SourceFacts};
pub use judge::{Finding, Level};
pub use outage::{Asked, is_own_outage};
pub use views::changes;

/// The facts, and what they mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// What was seen.
    pub facts: Facts,
    /// What someone should know, the worst first.
    pub findings: Vec<Finding>,
}

impl Health {
    /// Judges the facts.
    pub fn of(facts: Facts) -> Self {
        let findings = judge::findings(&facts);
        Self { facts, findings }
    }

    /// Returns how bad it is: as bad as the worst finding.
    pub fn level(&self) -> Level {
        self.findings.first().map_or(Level::Ok, |worst| worst.level)
    }
}

#[cfg(test)]
mod tests;
