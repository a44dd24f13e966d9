//! What a digest says of one story.

use crate::model::{
    Act, ActKind, ActOn, AlsoReported, Entry, EntryTopic, Evidence, Field, KeptDate, StoryId,
    Tagging, Update,
};
use crate::store::items::{Received, Stored};
use crate::text::foreign_language;
use crate::topic::MODEL;

pub(super) fn entry_of(
    lead: Stored,
    received: &Received,
    labels: (Vec<EntryTopic>, Vec<String>),
    also: Vec<AlsoReported>,
    dates: Vec<KeptDate>,
    related: Vec<StoryId>,
    acts: &[Act],
) -> Entry {
    let (topics, keywords) = labels;
    let words = format!("{}. {}", lead.title, lead.summary);
    let language = foreign_language(&words, lead.details.language.as_deref());
    let of_kind = |kind| acts.iter().filter(move |act| act.kind == kind);
    let notes = || of_kind(ActKind::Note);
    let own = |act: &&Act| act.on == ActOn::Item(lead.id);
    let note = notes().find(own).or_else(|| notes().next()).map(|act| act.words.clone());
    Entry {
        item: lead.id,
        story: lead.story,
        title: lead.title,
        url: lead.url,
        source: lead.source_name,
        rank: lead.rank,
        published: lead.published,
        first_seen: received.at,
        language,
        summary: lead.summary,
        documents: lead.details.documents,
        also,
        topics,
        keywords,
        update: update_of(received),
        dates,
        related,
        follows: false,
        pinned: of_kind(ActKind::Pin).next().is_some(),
        note,
    }
}

pub(super) fn update_of(received: &Received) -> Option<Update> {
    received.change.as_ref().map(|what| Update { at: received.at, what: what.clone() })
}

/// Returns the most weighty words of a tagging and where they stand, for readers.
pub fn reason(tagging: &Tagging) -> String {
    let Some(first) = tagging.evidence.first() else { return String::new() };
    let place = match first.field {
        Field::Title => "im Titel",
        Field::Lead => "am Anfang",
        Field::Body => "im Text",
        Field::Category => "in der Rubrik",
        Field::Source => return "durch die Quelle".to_owned(),
        Field::Editor => return "Zuordnung der Redaktion".to_owned(),
    };
    if first.signal == MODEL {
        return quoted(&tagging.evidence, |weight| weight > 0.0);
    }
    format!("„{}“ {place}", first.words)
}

/// Returns the words of the model for and against a topic, for readers; nothing if it said nothing.
pub fn opinion(tagging: &Tagging) -> Option<String> {
    let list = |wanted: fn(f64) -> bool| quoted(&tagging.evidence, wanted);
    let (speaks_for, against) = (list(|weight| weight > 0.0), list(|weight| weight < 0.0));
    let parts = [("spricht dafür: ", speaks_for), ("dagegen: ", against)];
    let told: Vec<String> = parts
        .into_iter()
        .filter(|(_, words)| !words.is_empty())
        .map(|(label, words)| format!("{label}{words}"))
        .collect();
    (!told.is_empty()).then(|| told.join("; "))
}

/// Returns the strongest words of the model on one side, as they stand in the text.
fn quoted(evidence: &[Evidence], wanted: fn(f64) -> bool) -> String {
    const MOST: usize = 3;
    let words = evidence.iter().filter(|e| e.signal == MODEL && wanted(e.weight)).take(MOST);
    words.map(|e| format!("„{}“", e.words)).collect::<Vec<_>>().join(", ")
}
