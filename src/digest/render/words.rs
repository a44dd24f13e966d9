//! Sentences that several mails share, in German.

use std::fmt::Write as _;

use chrono_tz::Tz;

use super::super::select::KEYWORDS;
use super::super::urgency;
use super::mails::{Face, Ordered};
use crate::model::{Digest, Entry, Section, Timestamp};
use crate::text;
use crate::text::typography as typo;

/// Longest subject (H6): Outlook shows about as much.
pub(super) const MAX_SUBJECT: usize = 60;

/// Returns `14:05 Uhr`; the full hour as `7 Uhr`.
pub(super) fn clock(at: Timestamp, zone: Tz) -> String {
    typo::time(at, zone)
}

/// Headlines of which the subject takes the first that fits whole.
const LEADING: usize = 3;

/// Returns `OZG, KI: Bürgerkonto – Zeitplan bis 2027 · 1 Frist`: the topics by their short names,
/// the weightiest headline that fits, and how many deadlines there are, else how many items. Who it
/// is from says the sender. Where an earlier digest had the same words, the day tells them apart.
/// Also returns the headline, so that the preheader goes on after it.
pub(super) fn subject(digest: &Digest, face: &Face, earlier: &[String]) -> (String, String) {
    let (subject, leading) = subject_ending(digest, face, "");
    if !earlier.contains(&subject) {
        return (subject, leading);
    }
    let day = typo::day_and_month(digest.composed_at, face.zone);
    subject_ending(digest, face, &format!(" · {day}"))
}

fn subject_ending(digest: &Digest, face: &Face, day: &str) -> (String, String) {
    let number = super::agenda::deadlines(digest, face);
    let headlines: Vec<(String, String)> = weighty(digest)
        .into_iter()
        .map(|entry| headline(entry, face.zone))
        .filter(|(title, _)| !title.is_empty() && !is_shouted(title))
        .take(LEADING)
        .collect();
    let Some(first) = headlines.first() else {
        let reminder = digest.reminders.first().map(|reminder| typo::line(&reminder.title, 140));
        let title = reminder.unwrap_or_else(|| typo::line(&digest.series.title, 140));
        let count = typo::count(number.max(1), "Frist endet", "Fristen enden");
        let room = MAX_SUBJECT.saturating_sub(day.chars().count());
        let subject = text::shorten(&format!("{count} bald: {title}"), room);
        return (format!("{subject}{day}").replace(typo::NBSP, " "), title);
    };
    // Who has a daily and a weekly series would else find two mails of one subject.
    let week = week_of(digest, face.zone);
    let tail = match (number, week) {
        (0, Some(week)) => format!(" · {week}"),
        (_, Some(week)) => format!(" · {} · {week}", typo::count(number, "Frist", "Fristen")),
        (0, None) => {
            let entries = digest.shown() + digest.omitted();
            format!(" · {}", typo::count(entries, "Meldung", "Meldungen"))
        }
        (_, None) => format!(" · {}", typo::count(number, "Frist", "Fristen")),
    };
    let tail = tail + day;
    let topics: Vec<String> =
        digest.sections.iter().map(|section| short_title(face, section)).collect();
    // All topics, fewer, none: what leads says more than where it stands.
    let heads = (0..=topics.len().min(3)).rev().map(|many| match topics[..many].join(", ") {
        none if none.is_empty() => none,
        some => format!("{some}: "),
    });
    let heads: Vec<String> = heads.collect();
    let length = |text: &str| text.chars().count();
    for (title, state) in &headlines {
        for head in &heads {
            let subject = format!("{head}{title}{state}{tail}").replace(typo::NBSP, " ");
            if length(&subject) <= MAX_SUBJECT {
                return (subject, title.clone());
            }
        }
    }
    let (title, state) = first;
    let room = MAX_SUBJECT.saturating_sub(length(state) + length(&tail));
    let head = format!("{}: ", topics.first().map_or("", String::as_str));
    let head = if length(&head) + 30 <= room { head } else { String::new() };
    let cut = text::shorten(title, room - length(&head));
    (format!("{head}{cut}{state}{tail}").replace(typo::NBSP, " "), title.clone())
}

/// Returns `KW 48`, if the digest covers most of a week.
fn week_of(digest: &Digest, zone: Tz) -> Option<String> {
    use chrono::Datelike as _;
    const MOST_OF_A_WEEK: std::time::Duration = std::time::Duration::from_hours(5 * 24);
    let window = digest.window;
    if window.from.0 <= 0 || window.to.since(window.from) < MOST_OF_A_WEEK {
        return None;
    }
    let week = digest.composed_at.utc().with_timezone(&zone).iso_week().week();
    Some(format!("KW {week}"))
}

/// Returns the title of an entry, and the day behind it if it returns: else two subjects would be
/// alike.
fn headline(entry: &Entry, zone: Tz) -> (String, String) {
    let state = entry.update.as_ref().map(|update| typo::day_and_month(update.at, zone));
    let state = state.map(|day| format!(" (Stand {day})")).unwrap_or_default();
    (typo::line(&entry.title, 140), state)
}

fn is_shouted(title: &str) -> bool {
    title.chars().filter(|c| c.is_alphabetic()).count() > 8
        && !title.chars().any(char::is_lowercase)
}

/// Returns the short name of a section's topic, else its title.
fn short_title(face: &Face, section: &Section) -> String {
    let topic = face.topics.iter().find(|topic| topic.id == section.topic);
    let short = topic.map(|topic| topic.short.as_str()).filter(|short| !short.is_empty());
    typo::line(short.unwrap_or(&section.title), 40)
}

/// Returns the entries in the order of their weight: what is urgent, the authority's, what has
/// most of a topic.
fn weighty(digest: &Digest) -> Vec<&Entry> {
    let score = |entry: &Entry| entry.topics.iter().map(|of| of.score).fold(0.0, f64::max);
    let mut entries: Vec<_> = digest
        .sections
        .iter()
        .flat_map(|section| &section.entries)
        .map(|entry| ((!urgency::is_urgent(entry), entry.rank), score(entry), entry))
        .collect();
    entries.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)));
    entries.into_iter().map(|(_, _, entry)| entry).collect()
}

/// Returns `Kommunal-IT am Dienstag, 9. Dezember 2025`.
pub(super) fn heading(digest: &Digest, zone: Tz) -> String {
    let title = typo::line(&digest.series.title, 80);
    let at = digest.composed_at;
    let joint = joint(&title, ": ");
    format!("{title}{joint}{}, {}", typo::weekday(at, zone), typo::date(at, zone))
}

/// Returns ` am `, unless the title says „am“ itself („Kommunal-IT am Morgen“).
fn joint(title: &str, otherwise: &'static str) -> &'static str {
    let says_it = title.contains(" am ") || title.starts_with("Am ");
    if says_it { otherwise } else { " am " }
}

/// Returns `7 neue Meldungen in 3 Themen seit Montag, 8. Dezember, 7 Uhr.`
pub(super) fn opening(digest: &Digest, left_out: usize, zone: Tz) -> String {
    let entries = digest.sections.iter().flat_map(|section| &section.entries);
    let updates = entries.filter(|entry| entry.update.is_some()).count();
    let number = digest.shown() + digest.omitted();
    let fresh = number - updates;
    if number == 0 {
        let reminders = digest.reminders.len();
        return format!(
            "{} aus früheren Ausgaben {} in den nächsten sieben Tagen.",
            typo::count(reminders, "Frist", "Fristen"),
            if reminders == 1 { "endet" } else { "enden" },
        );
    }
    let what = match (fresh, updates) {
        (_, 0) => typo::count(fresh, "neue Meldung", "neue Meldungen"),
        (0, _) => typo::count(updates, "aktualisierte Meldung", "aktualisierte Meldungen"),
        _ => format!(
            "{} neue und {}",
            typo::grouped(fresh),
            typo::count(updates, "aktualisierte Meldung", "aktualisierte Meldungen")
        ),
    };
    let topics =
        digest.sections.iter().filter(|section| section.topic.as_str() != KEYWORDS).count();
    let of_topics = format!(" in {}", typo::count(topics, "Thema", "Themen"));
    let place = match (topics, digest.sections.len() - topics) {
        (_, 0) => of_topics,
        (0, _) => " zu Ihren Stichwörtern".to_owned(),
        _ => format!("{of_topics} und zu Ihren Stichwörtern"),
    };
    let since = since(digest, zone).map(|since| format!(" seit {since}")).unwrap_or_default();
    let mut opening = format!("{what}{place}{since}.");
    if left_out > 0 {
        match number - left_out {
            1 => opening.push_str(" Hier steht die wichtigste."),
            shown => {
                let shown = typo::grouped(shown);
                let _ = write!(opening, " Hier stehen die {shown} wichtigsten.");
            }
        }
    }
    opening
}

/// Returns `Montag, 8. Dezember, 7 Uhr`; none if there was no digest before.
fn since(digest: &Digest, zone: Tz) -> Option<String> {
    use chrono::Datelike as _;
    let from = digest.window.from;
    if from.0 <= 0 {
        return None;
    }
    let year = |at: Timestamp| at.utc().with_timezone(&zone).year();
    let day = if year(from) == year(digest.composed_at) {
        typo::day_and_month(from, zone)
    } else {
        typo::date(from, zone)
    };
    Some(format!("{}, {day}, {}", typo::weekday(from, zone), typo::time(from, zone)))
}

/// Longest paragraph of the editor's.
const MAX_EDITORIAL: usize = 1000;

/// Returns the editor's words on an entry, marked as such.
pub fn note(note: &str) -> String {
    format!("Anmerkung der Redaktion: {}", typo::line(note, MAX_EDITORIAL))
}

/// Returns the editor's words above a digest, a paragraph each.
pub(super) fn intro(digest: &Digest) -> Vec<String> {
    let paragraphs = digest.intro.as_deref().unwrap_or_default().lines();
    paragraphs
        .map(|paragraph| typo::line(paragraph, MAX_EDITORIAL))
        .filter(|paragraph| !paragraph.is_empty())
        .collect()
}

/// Says that slots were missed.
pub(super) fn catch_up(digest: &Digest) -> Option<String> {
    digest.catches_up.then(|| {
        "Sammelausgabe: Frühere Ausgaben sind wegen einer Störung ausgefallen. \
         Ihre Meldungen stehen hier."
            .to_owned()
    })
}

/// Returns `2 von 41 Quellen waren nicht erreichbar: A und B.`
pub(super) fn coverage(digest: &Digest) -> Option<String> {
    const NAMED: usize = 5;
    let silent = &digest.silent_sources;
    if silent.is_empty() {
        return None;
    }
    let mut names: Vec<String> =
        silent.iter().take(NAMED).map(|name| typo::line(name, 60)).collect();
    if silent.len() > NAMED {
        names.push(format!("{} weitere", silent.len() - NAMED));
    }
    let verb = if silent.len() == 1 { "war" } else { "waren" };
    let all = digest.source_count.max(silent.len());
    Some(format!(
        "{} von {} {verb} nicht erreichbar: {}.",
        typo::grouped(silent.len()),
        typo::count(all, "Quelle", "Quellen"),
        typo::enumerated(&names)
    ))
}

/// Returns the weightiest titles after the one in the subject, as whole as there is room, 40–140
/// characters (D4).
pub(super) fn preheader(digest: &Digest, opening: &str, leading: &str) -> String {
    const ROOM: usize = 136;
    let mut titles: Vec<String> = Vec::new();
    for entry in weighty(digest) {
        let title = typo::line(&entry.title, ROOM);
        let is_said = typo::line(&entry.title, 140) == leading || titles.contains(&title);
        if titles.len() < 3 && !title.is_empty() && !is_said {
            titles.push(title);
        }
    }
    let fair = fair_length(titles.iter().map(|title| title.chars().count()), ROOM);
    for title in &mut titles {
        *title = typo::line(title, fair);
    }
    let preheader = titles.join(", ");
    if preheader.chars().count() >= 40 {
        return preheader;
    }
    let first = digest.sections.iter().flat_map(|section| &section.entries).next();
    let source = first.map(|entry| typo::line(&entry.source, 60)).unwrap_or_default();
    let dash = if preheader.is_empty() { "" } else { " – " };
    let source = if source.is_empty() { source } else { format!(" Quelle: {source}.") };
    text::shorten(&format!("{preheader}{dash}{opening}{source}"), 138)
}

/// Returns the length to which texts are cut so that they and the commas between them
/// fit: what short ones leave goes to the longer ones.
fn fair_length(lengths: impl Iterator<Item = usize>, room: usize) -> usize {
    let mut lengths: Vec<usize> = lengths.collect();
    lengths.sort_unstable();
    let mut room = room.saturating_sub(2 * lengths.len().saturating_sub(1));
    for (index, length) in lengths.iter().enumerate() {
        let share = room / (lengths.len() - index);
        if *length > share {
            return share;
        }
        room -= length;
    }
    usize::MAX
}

/// Returns `„Kommunal-IT am Morgen“ (täglich)`.
pub(super) fn series_ordered(series: &[Ordered]) -> String {
    let titles: Vec<String> = series
        .iter()
        .map(|s| match typo::line(&s.frequency, 60) {
            never if never.is_empty() => format!("„{}“", typo::line(&s.title, 80)),
            frequency => format!("„{}“ ({frequency})", typo::line(&s.title, 80)),
        })
        .collect();
    typo::enumerated(&titles)
}

/// Returns `Themen: „A“ und „B“.`
pub(super) fn topics_ordered(topics: &[String]) -> String {
    match topics {
        [] => "Themen: alle.".to_owned(),
        [one] => format!("Thema: „{}“.", typo::line(one, 80)),
        _ => format!("Themen: {}.", quoted(topics)),
    }
}

/// Returns `Sie erhalten diese E-Mail, weil Sie „Kommunal-IT am Morgen“ (Montag bis Freitag, 7 Uhr)
/// mit dem Thema „OZG“ abonniert haben.`
pub(super) fn reason(series: &[Ordered], topics: &[String]) -> String {
    let what = match topics {
        [] => "allen Themen".to_owned(),
        [one] => format!("dem Thema „{}“", typo::line(one, 80)),
        _ => format!("den Themen {}", quoted(topics)),
    };
    let series = series_ordered(series);
    format!("Sie erhalten diese E-Mail, weil Sie {series} mit {what} abonniert haben.")
}

fn quoted(topics: &[String]) -> String {
    let quoted: Vec<String> =
        topics.iter().map(|topic| format!("„{}“", typo::line(topic, 80))).collect();
    typo::enumerated(&quoted)
}

/// Returns the title of a topic by its id, if it is known.
pub(super) fn topic_title(face: &Face, id: &crate::model::TopicId) -> Option<String> {
    let topic = face.topics.iter().find(|topic| topic.id == *id)?;
    Some(typo::line(&topic.title, 80))
}
