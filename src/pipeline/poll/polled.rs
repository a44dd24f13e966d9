//! A source before it is asked and after, ready to be recorded.

use std::sync::Arc;
use std::time::Duration;

use super::client::Refusal;
use super::hosts::host_of;
use super::marks::Mark;
use super::reading::Reading;
use crate::answer::{Terms, caching};
use crate::model::{Cursor, SourceSettings, SourceState, Timestamp};
use crate::pipeline::SourcePlan;
use crate::store::sources::Asked;

/// A source about to be asked, with what is remembered of it.
pub(super) struct Due {
    pub(super) plan: Arc<SourcePlan>,
    pub(super) state: SourceState,
    /// The registrable host that answered last.
    pub(super) host: String,
    /// The attempt before this one.
    pub(super) asked_before: Option<Timestamp>,
}

/// A source that was polled, ready to be recorded.
pub(super) struct Polled {
    pub(super) due: Due,
    pub(super) exchange: Exchange,
    pub(super) result: Result<Reading, Refusal>,
    pub(super) duration: Duration,
    /// Stands until the result is committed.
    pub(super) _mark: Option<Mark>,
}

/// The requests for a source's document, and what the last answer said beside it.
#[derive(Default)]
pub(super) struct Exchange {
    /// One; two if the first was answered with another URL's 304.
    pub(super) requests: Vec<Asked>,
    /// Status of the last answer.
    pub(super) status: Option<u16>,
    pub(super) terms: Terms,
}

impl Exchange {
    pub(super) fn note(&mut self, status: u16, terms: Terms) {
        if let Some(asked) = self.requests.last_mut() {
            asked.not_modified = status == 304;
            asked.retry_after = terms.retry_after;
        }
        self.status = Some(status);
        self.terms = terms;
    }
}

impl Polled {
    /// Returns the number of items to be written.
    pub(super) fn items(&self) -> usize {
        self.result.as_ref().map_or(0, |reading| reading.new.len() + reading.changed.len())
    }

    /// Returns true if it failed in a way that may be our own network's fault.
    pub(super) fn may_be_our_outage(&self) -> bool {
        matches!(&self.result, Err(Refusal::Failed(failure)) if failure.may_be_our_outage())
    }
}

impl Due {
    pub(super) fn settings(&self) -> &SourceSettings {
        &self.plan.configured.settings
    }
}

/// Returns the host whose limit a source counts for: the one that answered last.
pub(in crate::pipeline) fn host(settings: &SourceSettings, cursor: &Cursor) -> String {
    host_of(caching::final_url(cursor).unwrap_or(&settings.url))
}
