//! What a digest says of one story.

use crate::model::{AlsoReported, Entry, EntryTopic, Field, Tagging, Update};
use crate::store::items::{Received, Stored};

pub(super) fn entry_of(
    lead: Stored,
    received: &Received,
    topics: Vec<EntryTopic>,
    also: Vec<AlsoReported>,
) -> Entry {
    Entry {
        item: lead.id,
        story: lead.story,
        title: lead.title,
        url: lead.url,
        source: lead.source_name,
        rank: lead.rank,
        published: lead.published,
        first_seen: received.at,
        summary: lead.summary,
        documents: lead.details.documents,
        also,
        topics,
        update: update_of(received),
    }
}

pub(super) fn update_of(received: &Received) -> Option<Update> {
    received.change.as_ref().map(|what| Update { at: received.at, what: what.clone() })
}

/// The most weighty words of a tagging and where they stand, for readers.
pub fn reason(tagging: &Tagging) -> String {
    let Some(first) = tagging.evidence.first() else { return String::new() };
    let place = match first.field {
        Field::Title => "im Titel",
        Field::Lead => "am Anfang",
        Field::Body => "im Text",
        Field::Category => "in der Rubrik",
        Field::Source => return "durch die Quelle".to_owned(),
    };
    format!("„{}“ {place}", first.words)
}
