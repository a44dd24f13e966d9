//! What templates get: words that are ready to be shown, in the order shown.

use std::collections::HashMap;

use serde::Serialize;

use super::super::select::KEYWORDS;
use super::super::urgency;
use super::agenda::{self, AgendaView};
use super::mails::{Face, Ordered, Personal};
use super::thrift::Thrift;
use super::words;
use crate::model::{Digest, Document, Entry, Section, TopicId};
use crate::page::{self, Link, shown_url};
use crate::text;
use crate::text::typography as typo;

/// Longest title; the whole one is in the archive (T12).
const MAX_TITLE: usize = 140;
#[derive(Serialize)]
pub(super) struct DigestView<'a> {
    pub(super) subject: String,
    face: &'a Face,
    preheader: String,
    heading: String,
    opening: String,
    catch_up: Option<String>,
    /// Paragraphs of the editor's.
    intro: Vec<String>,
    coverage: Option<String>,
    browser_url: String,
    agenda: AgendaView,
    sections: Vec<SectionView>,
    reason: String,
    settings_url: &'a str,
    unsubscribe_url: &'a str,
}

#[derive(Serialize)]
pub(super) struct SectionView {
    /// Its place among the topics; none for the reader's own words.
    number: Option<usize>,
    title: String,
    /// Number and title.
    heading: String,
    anchor: String,
    /// Entries in all, shown or not.
    count: usize,
    entries: Vec<EntryView>,
    more: Option<Link>,
}

#[derive(Serialize)]
struct EntryView {
    number: String,
    title: String,
    /// Where to read it: at its source, else on its page here.
    url: String,
    /// Language of title and lead, where it is not German.
    language: Option<String>,
    /// Source and date.
    origin: String,
    /// The reader's own words that it holds.
    keywords: Option<String>,
    other_topics: Option<String>,
    update: Option<String>,
    note: Option<String>,
    summary: String,
    documents: Vec<Link>,
    also: Vec<Link>,
    /// ` und 3 weitere`.
    also_more: Option<String>,
    reason: Option<String>,
    /// The page that says why it is here, and what else is known of it.
    why: Link,
}

impl<'a> DigestView<'a> {
    pub(super) fn new(
        digest: &'a Digest,
        face: &'a Face,
        personal: Option<&'a Personal>,
        thrift: Thrift,
    ) -> Self {
        // The reader's topics in the reader's order, and nothing of the reader.
        let chosen = personal.map_or(&[][..], |personal| &personal.chosen);
        let topics: Vec<String> = chosen.iter().map(|topic| format!("thema={topic}")).collect();
        let query =
            if topics.is_empty() { String::new() } else { format!("?{}", topics.join("&")) };
        let browser_url = format!("{}d/{}{query}", face.public_url, digest.id);
        let thrift = thrift.with(digest.reasons);
        let sections = sections(&digest.sections, face, thrift, Some(&browser_url));
        let shown: usize = sections.iter().map(|section| section.entries.len()).sum();
        let left_out = digest.shown() + digest.omitted() - shown;
        let earlier = personal.map_or(&[][..], |personal| &personal.earlier);
        let (subject, leading) = words::subject(digest, face, earlier);
        let opening = words::opening(digest, left_out, face.zone);
        let series = [Ordered {
            title: digest.series.title.clone(),
            frequency: personal.map(|p| p.frequency.clone()).unwrap_or_default(),
            next: None,
        }];
        Self {
            subject,
            face,
            preheader: words::preheader(digest, &opening, &leading),
            heading: words::heading(digest, face.zone),
            opening,
            catch_up: words::catch_up(digest),
            intro: words::intro(digest),
            coverage: words::coverage(digest),
            browser_url,
            agenda: agenda::view(digest, face, thrift),
            sections,
            reason: words::reason(&series, personal.map_or(&[], |p| &p.topics)),
            settings_url: personal.map_or("", |p| &p.settings_url),
            unsubscribe_url: personal.map_or("", |p| &p.unsubscribe_url),
        }
    }
}

/// Returns sections with at most `thrift.entries` entries in all; what falls away is
/// counted as left out and can be read at `page`, the whole digest in the browser.
pub(super) fn sections(
    sections: &[Section],
    face: &Face,
    thrift: Thrift,
    page: Option<&str>,
) -> Vec<SectionView> {
    let mut links = LinkTexts::default();
    let mut room = thrift.entries;
    let topics = sections.len().max(1);
    let mut views = Vec::new();
    let mut by_topic = 0;
    for (index, section) in sections.iter().enumerate() {
        // The same share for each topic; what one leaves goes to the next.
        let share = room.div_ceil(topics - index.min(topics - 1));
        let shown = section.entries.len().min(share).min(room);
        room -= shown;
        let is_by_topic = section.topic.as_str() != KEYWORDS;
        by_topic += usize::from(is_by_topic);
        let number = is_by_topic.then_some(by_topic);
        let title = typo::line(&section.title, 80);
        let left_out = section.omitted + section.entries.len() - shown;
        let all: Vec<&Entry> = section.entries.iter().collect();
        let entries = urgency::keep(&all, shown)
            .into_iter()
            .enumerate()
            .map(|(at, entry)| {
                // Topics have the numbers of the digest's page, where no words of a reader stand.
                let number = match number {
                    Some(number) => format!("{number}.{}", at + 1),
                    None => format!("S{}", at + 1),
                };
                entry_view(entry, section, number, face, thrift, &mut links)
            })
            .collect();
        views.push(SectionView {
            number,
            anchor: section.topic.as_str().to_owned(),
            count: section.entries.len() + section.omitted,
            entries,
            more: page.filter(|_| left_out > 0).map(|page| {
                let count = typo::count(left_out, "weitere Meldung", "weitere Meldungen");
                if is_by_topic {
                    let url = Some(rest_url(page, &section.topic, shown));
                    Link { text: format!("{count} zu {title} im Web ansehen"), url }
                } else {
                    let url = Some(format!("{}?alles=1", face.public_url));
                    Link { text: format!("{count} unter allen neuesten im Web ansehen"), url }
                }
            }),
            heading: number.map_or_else(|| title.clone(), |number| format!("{number}. {title}")),
            title,
        });
    }
    views
}

/// Returns the address of what a section leaves out after `shown` entries.
fn rest_url(page: &str, topic: &TopicId, shown: usize) -> String {
    let joint = if page.contains('?') { '&' } else { '?' };
    format!("{page}{joint}weitere={topic}&nach={shown}")
}

fn entry_view(
    entry: &Entry,
    section: &Section,
    number: String,
    face: &Face,
    thrift: Thrift,
    links: &mut LinkTexts,
) -> EntryView {
    let source = typo::line(&entry.source, 80);
    let mut title = typo::line(&entry.title, MAX_TITLE);
    if title.is_empty() {
        title = format!("Meldung von {source}");
    }
    let own_page = format!("{}meldung/{}", face.public_url, entry.item);
    let url = entry.url.as_deref().and_then(shown_url).unwrap_or_else(|| own_page.clone());
    title = links.title(title, &source, &url);
    let short = typo::inner(&text::shorten(&title, 32));
    let origin = match entry.published {
        Some(at) => format!("{source} · {}", typo::date(at, face.zone)),
        // What returns was seen before; its own line says when it changed.
        None if entry.update.is_some() => source.clone(),
        None => format!("{source} · gesehen am {}", typo::date(entry.first_seen, face.zone)),
    };
    let other_topics: Vec<String> = entry
        .topics
        .iter()
        .filter(|of| of.topic != section.topic)
        .filter_map(|of| words::topic_title(face, &of.topic))
        .collect();
    let update = entry.update.as_ref().map(|update| {
        let what = typo::line(&update.what, 600);
        let colon = if what.is_empty() { "" } else { ": " };
        format!("Aktualisiert am {}{colon}{what}", typo::date(update.at, face.zone))
    });
    // The document that the title leads to is not named twice.
    let is_other = |document: &&Document| shown_url(&document.url).as_deref() != Some(&*url);
    let documents = entry.documents.iter().filter(is_other).take(thrift.documents);
    let also = entry.also.iter().take(thrift.also);
    let unnamed = entry.also.len() - also.len();
    let reason = section_reason(entry, section).filter(|_| thrift.reasons);
    let why = Link { text: format!("Warum {number}?"), url: Some(own_page) };
    EntryView {
        why,
        language: entry.language.clone(),
        number,
        origin,
        keywords: keywords(entry),
        other_topics: (!other_topics.is_empty())
            .then(|| format!("Auch zu: {}", typo::enumerated(&other_topics))),
        update,
        note: entry.note.as_ref().map(|note| words::note(note)),
        summary: summary(entry, &title, thrift.summary),
        documents: documents
            .filter_map(|document| document_view(document, &short, links))
            .collect(),
        also: also
            .map(|also| {
                let mut name = typo::line(&also.source, 80);
                if let Some(title) = &also.title {
                    name = format!("{name} („{}“)", typo::inner(&text::shorten(title, 120)));
                }
                let url = also.url.as_deref().and_then(shown_url);
                let text = match &url {
                    Some(url) => links.unique(name, &short, url),
                    None => name,
                };
                Link { text, url }
            })
            .collect(),
        also_more: (unnamed > 0 && thrift.also > 0).then(|| {
            format!(
                " und {unnamed} {}",
                if unnamed == 1 { "weitere Quelle" } else { "weitere Quellen" }
            )
        }),
        // The topic stands above; saying it under each entry tires.
        reason: reason.map(|reason| format!("Warum hier: {reason}")),
        title: format!("{}{title}", entry.lead_in()),
        url,
    }
}

fn keywords(entry: &Entry) -> Option<String> {
    let words: Vec<String> =
        entry.keywords.iter().map(|word| format!("„{}“", typo::line(word, 60))).collect();
    match words.len() {
        0 => None,
        1 => Some(format!("Ihr Stichwort: {}", words[0])),
        _ => Some(format!("Ihre Stichwörter: {}", typo::enumerated(&words))),
    }
}

fn section_reason(entry: &Entry, section: &Section) -> Option<String> {
    let topic = entry.topics.iter().find(|of| of.topic == section.topic)?;
    let reason = typo::line(&topic.reason, 120);
    (!reason.is_empty()).then_some(reason)
}

/// Returns the lead, unless it only says the title again.
fn summary(entry: &Entry, title: &str, max_chars: usize) -> String {
    if max_chars == 0 {
        return String::new();
    }
    let summary = typo::line(&entry.summary, max_chars);
    let bare = summary.trim_end_matches([' ', '…', '.']);
    if title.starts_with(bare) { String::new() } else { summary }
}

fn document_view(document: &Document, entry: &str, links: &mut LinkTexts) -> Option<Link> {
    let Link { text, url } = page::document(document)?;
    let text = links.unique(text, entry, url.as_deref().unwrap_or_default());
    Some(Link { text, url })
}

/// Link texts and where they lead: the same text never leads to two places
/// (WCAG 2.4.4), and none says nothing.
#[derive(Default)]
struct LinkTexts(HashMap<String, String>);

impl LinkTexts {
    const TAKEN: [&'static str; 8] = [
        "im browser ansehen",
        "abmelden",
        "themen und einstellungen ändern",
        "impressum",
        "datenschutz",
        "erklärung zur barrierefreiheit",
        "abonnement bestätigen",
        "einstellungen",
    ];
    const WEAK: [&'static str; 6] = ["hier", "klicken sie hier", "link", "more", "download", "pdf"];

    fn title(&mut self, title: String, source: &str, url: &str) -> String {
        let lower = title.to_lowercase();
        let bare = lower.trim_end_matches(['.', '…', ' ', '!', ':']);
        // A text that looks like an address of another site is how phishing looks.
        let looks_like_a_host = !title.contains([' ', typo::NBSP]) && title.contains('.');
        let title = if text::leads_on(bare)
            || Self::WEAK.contains(&bare)
            || Self::TAKEN.contains(&bare)
            || looks_like_a_host
        {
            format!("{source}: {title}")
        } else {
            title
        };
        if self.is_free(&title, url) {
            self.take(&title, url);
            return title;
        }
        self.numbered(&format!("{title} ({source})"), url)
    }

    /// Returns `text`, with the entry it belongs to if it led elsewhere before.
    fn unique(&mut self, text: String, entry: &str, url: &str) -> String {
        let is_taken = Self::TAKEN.contains(&text.to_lowercase().as_str());
        if !is_taken && self.is_free(&text, url) {
            self.take(&text, url);
            return text;
        }
        self.numbered(&format!("{text} zu „{entry}“"), url)
    }

    fn numbered(&mut self, text: &str, url: &str) -> String {
        let mut free = text.to_owned();
        let mut number = 2_u32;
        while !self.is_free(&free, url) {
            free = format!("{text} ({number})");
            number += 1;
        }
        self.take(&free, url);
        free
    }

    fn is_free(&self, text: &str, url: &str) -> bool {
        self.0.get(&text.to_lowercase()).is_none_or(|known| known == url)
    }

    fn take(&mut self, text: &str, url: &str) {
        self.0.insert(text.to_lowercase(), url.to_owned());
    }
}
