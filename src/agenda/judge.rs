//! What each date of a sentence is for.

use std::ops::Range;

use super::background::{Background, is_deadline, is_gathering, is_off};
use super::cues::{self, any_in};
use super::dated::{Dated, Lead};
use super::place;
use crate::model::{DateKind, ItemDate, Precision};
use crate::text::date::mention::{self, TimeOfDay, Token};

/// Returns those of the days of a sentence that a reader can act on; the sentence is left empty.
///
/// `before` is the sentence before it: „Er gilt vom …“ speaks of a noun that stands there
/// or in the title.
pub(super) fn judge(
    before: &[Token],
    tokens: &[Token],
    dated: &[Dated],
    background: &Background,
) -> Vec<ItemDate> {
    let sentence: Vec<&str> = tokens.iter().map(|token| token.word.as_str()).collect();
    let subject: Vec<&str> = match sentence.first() {
        Some(first) if cues::PRONOUNS.has_any(&[first]) => before
            .iter()
            .map(|token| &*token.word)
            .chain(background.title.iter().map(|word| &**word))
            .collect(),
        _ => Vec::new(),
    };
    let times = mention::times_of_day(tokens);
    let mut found = Vec::new();
    for (at, date) in dated.iter().enumerate() {
        let clause = &sentence[clause(&sentence, dated, at)];
        let Some(kind) = kind(&sentence, clause, &subject, date, background, &times) else {
            continue;
        };
        let is_last_day = matches!(kind, Kind::Until(_))
            || matches!(kind, Kind::On(DateKind::Deadline | DateKind::Funding));
        let (from, to) = match (date.is_span, is_last_day) {
            (true, _) => (Some(date.first.first), Some(date.last.last)),
            (false, true) => (None, Some(date.last.last)),
            (false, false) => (Some(date.first.first), None),
        };
        let kind = match kind {
            Kind::Until(kind) | Kind::On(kind) => kind,
        };
        let time = (!date.is_month).then(|| time_of(&times, dated, at)).flatten();
        let is_off = kind == DateKind::Event && is_cancelled(&sentence, clause, dated, background);
        found.push(ItemDate {
            kind,
            from,
            to,
            time: time.map(|time| time.from),
            time_to: time.and_then(|time| time.to),
            precision: if date.is_month { Precision::Month } else { Precision::Day },
            sentence: String::new(),
            place: (kind == DateKind::Event)
                .then(|| place::place(&tokens[date.tokens.end..], &sentence[date.tokens.end..]))
                .flatten(),
            cancelled: is_off,
        });
    }
    found
}

/// Returns the tokens of the part of the sentence in which a date stands.
fn clause(sentence: &[&str], dated: &[Dated], at: usize) -> Range<usize> {
    let date = &dated[at];
    // Commas next to a date belong to it: `Freitag, 7. März, 10 Uhr`.
    let is_end = |token: usize| match sentence[token] {
        ";" | "|" | "•" => true,
        "," => {
            let belongs = |other: &Dated| {
                (other.tokens.start.saturating_sub(1)..=other.tokens.end).contains(&token)
            };
            let next_is_number = sentence
                .get(token + 1)
                .is_some_and(|word| word.starts_with(|c: char| c.is_ascii_digit()));
            !dated.iter().any(belongs) && !next_is_number
        }
        _ => false,
    };
    let start = (0..date.tokens.start).rev().find(|token| is_end(*token)).map_or(0, |at| at + 1);
    let end =
        (date.tokens.end..sentence.len()).find(|token| is_end(*token)).unwrap_or(sentence.len());
    start..end
}

enum Kind {
    /// The date is the last day.
    Until(DateKind),
    /// The date is the day itself, or the first day.
    On(DateKind),
}

fn kind(
    sentence: &[&str],
    clause: &[&str],
    subject: &[&str],
    date: &Dated,
    background: &Background,
    times: &[TimeOfDay],
) -> Option<Kind> {
    if date.lead == Lead::Background || background.is_warning {
        return None;
    }
    // „Die Bewerbungsfrist endet am“ is proof enough whatever else is said.
    if clause.iter().any(|word| is_deadline(word)) {
        let is_over = any_in!("=endete =endeten abgelaufen =ablief", clause);
        return (!is_over).then(|| Kind::Until(background.deadline(sentence)));
    }
    // „Bindefrist des Angebots“ is the office's own.
    if cues::NO_DEADLINE_NOUNS.has_any(clause)
        && any_in!("*frist", clause)
        && !is_law(sentence, clause, subject, date)
    {
        return None;
    }
    match background.table.filter(|_| sentence.contains(&"|")) {
        Some(DateKind::Deadline) => return Some(Kind::Until(background.deadline(sentence))),
        Some(kind) => return Some(Kind::On(kind)),
        None => {}
    }
    if is_law(sentence, clause, subject, date) {
        let ends = date.lead == Lead::Until && !date.is_span || ends_rule(sentence, subject);
        return Some(if ends { Kind::Until(DateKind::Law) } else { Kind::On(DateKind::Law) });
    }
    let is_closed = sentence.windows(2).any(|pair| pair == ["nicht", "moeglich"]);
    if is_closed || cues::NOT_ACTIONABLE.has_any(sentence) || is_goal(sentence, date) {
        return None;
    }
    let lies_open = any_in!("=liegt =liegen", sentence) && any_in!("=aus", sentence);
    if date.lead == Lead::Until && !date.is_span {
        let acts = cues::ACTIONS.has_any(if date.is_month { clause } else { sentence })
            || (cues::ADDRESSING.has_any(sentence) && !date.is_month)
            || lies_open;
        return acts.then(|| Kind::Until(background.deadline(clause)));
    }
    // „letzter Tag ist der“, „letzte Gelegenheit am“
    let is_last = any_in!("=letzte =letzter =letztes letztmoglich letztmal", clause)
        && any_in!("=tag =termin moglichkeit gelegenheit =chance letztmoglich letztmal", clause);
    if (is_last || any_in!("=endet =enden", clause)) && cues::ACTIONS.has_any(sentence) {
        return Some(Kind::Until(background.deadline(clause)));
    }
    // „muss am 30. Juni vorliegen“
    let must = any_in!("=muss =mussen", clause) && cues::HANDED_IN.has_any(clause);
    if must && date.lead == Lead::On && !date.is_span && !is_from(sentence, date) {
        return Some(Kind::Until(background.deadline(clause)));
    }
    if date.is_span
        && (lies_open || cues::ACTIONS.has_any(sentence))
        && !cues::EVENT_VERBS.has_any(clause)
    {
        return Some(Kind::Until(background.deadline(sentence)));
    }
    is_event(sentence, clause, subject, date, background, times)
        .then_some(Kind::On(DateKind::Event))
}

/// „bis Ende 2027 sollen alle Schulen angeschlossen sein“ asks nothing of a reader.
fn is_goal(sentence: &[&str], date: &Dated) -> bool {
    let is_event =
        !date.is_month && date.lead == Lead::On && sentence.iter().any(|word| is_gathering(word));
    if is_event {
        return false;
    }
    let has = |words: &[&str]| sentence.iter().any(|word| words.contains(word));
    if has(&["voraussichtlich", "geplant", "vorgesehen", "angestrebt", "rechnet", "hofft"]) {
        return !is_off(sentence);
    }
    let hands_in = cues::HANDED_IN.has_any(sentence);
    date.lead == Lead::Until
        && (has(&["soll", "sollen"]) && !hands_in
            || has(&["will", "wollen", "plant", "planen"]) && !has(&["wer"]))
}

fn is_law(sentence: &[&str], clause: &[&str], subject: &[&str], date: &Dated) -> bool {
    let follows = |first: &str, second: &str| {
        sentence.windows(2).any(|pair| pair[0] == first && pair[1] == second)
    };
    let is_contract = cues::NO_LAW.has_any(sentence) || cues::NO_LAW.has_any(subject);
    if any_in!("=inkrafttreten", sentence) {
        return true;
    }
    if follows("in", "kraft") || follows("ausser", "kraft") {
        return any_in!("=tritt =treten =trete setzt gesetzt", sentence);
    }
    if follows("mit", "wirkung") || follows("mit", "ablauf") {
        return !is_contract
            && !cues::PAST.has_any(clause)
            && !any_in!("gewahlt bestellt berufen ernannt", sentence);
    }
    if is_contract || cues::NOT_ACTIONABLE.has_any(clause) {
        return false;
    }
    let is_rule = cues::RULES.has_any(sentence) || cues::RULES.has_any(subject);
    if is_rule && ends_rule(sentence, subject) {
        return true;
    }
    let from = is_from(sentence, date);
    let from = from && date.lead != Lead::Until;
    let applies = cues::LAW_VERBS.has_any(clause)
        && (from || date.is_month || date.lead == Lead::Until && any_in!("=gilt =gelten", clause));
    let obliges = from && (cues::OBLIGATIONS.has_any(clause) || follows("nur", "noch"));
    (applies || obliges) && !any_in!("anmeld bewerb einreich", clause)
}

/// „läuft aus“, „endet“
fn ends_rule(sentence: &[&str], subject: &[&str]) -> bool {
    let has = |word: &str| sentence.contains(&word);
    (has("laeuft") && (has("aus") || has("ab")))
        || has("ausser")
        || (has("endet") && (cues::RULES.has_any(sentence) || cues::RULES.has_any(subject)))
}

/// „ab dem 1. Juli“, „zum 1. Juli“, „vom 1. Juli an“.
fn is_from(sentence: &[&str], date: &Dated) -> bool {
    let before = sentence[..date.tokens.start].iter().rev().take(3);
    before.into_iter().any(|word| matches!(*word, "ab" | "zum" | "vom" | "wirkung"))
}

fn is_event(
    sentence: &[&str],
    clause: &[&str],
    subject: &[&str],
    date: &Dated,
    background: &Background,
    times: &[TimeOfDay],
) -> bool {
    let is_age = any_in!("=jahre", sentence) && any_in!("=alt", sentence);
    if is_age || background.is_notice {
        return false;
    }
    let is_noun_here = sentence.iter().any(|word| is_gathering(word));
    let is_verb_here = cues::EVENT_VERBS.has_any(clause);
    let is_weak_verb_here = cues::WEAK_EVENT_VERBS.has_any(clause);
    let is_changed = is_off(sentence) || is_moved(sentence);
    let has_time = !times.is_empty();
    if date.is_month {
        return is_noun_here && any_in!("=statt stattfind", clause);
    }
    let is_told = cues::PAST.has_any(clause) && !is_changed;
    // What is called off was a gathering, whatever its name.
    let is_about_event = is_noun_here
        || background.is_event
        || subject.iter().any(|word| is_gathering(word))
        || any_in!("abgesagt =absage abgeblasen", sentence);
    if date.is_relative {
        return is_about_event && is_off(sentence)
            || !is_told && has_time && (is_verb_here || is_about_event);
    }
    let recurs = cues::RECURRENCES.has_any(sentence);
    if recurs && is_from(sentence, date) {
        return false;
    }
    // A report names the day on which it was written.
    let is_dateline = date.first.first == background.published;
    if (is_told || is_dateline) && !has_time {
        return false;
    }
    // `Samstag, 10. Oktober 2026, ab 11 Uhr, Wasserzentrum`
    let is_bare_line = (has_time || is_noun_here) && sentence.len() <= MAX_BARE_LINE;
    // `zum Landesfest am 20. September`
    let start = date.tokens.start;
    let names_it = sentence[start.saturating_sub(3)..start].iter().any(|word| is_gathering(word));
    let is_labelled = sentence.get(1) == Some(&":") && cues::EVENT_LABELS.has_any(&sentence[..1]);
    is_bare_line
        || is_labelled
        || names_it && !is_told
        || (date.is_span && background.is_event)
        || (is_about_event && (is_verb_here || is_changed || is_weak_verb_here))
        || ((has_time || background.is_event) && !is_from(sentence, date))
        || (is_verb_here
            && any_in!(
                "=statt =buhne eingeweiht eroffnet verliehen =ladt =laden =tagt eingeladen",
                clause,
            ))
}

/// Tokens of a line that holds little more than a day, a time and a place.
const MAX_BARE_LINE: usize = 18;

fn is_moved(sentence: &[&str]) -> bool {
    any_in!("verschoben verschiebt verlegt =verlegung", sentence)
}

fn is_cancelled(
    sentence: &[&str],
    clause: &[&str],
    dated: &[Dated],
    background: &Background,
) -> bool {
    is_off(clause)
        || is_off(sentence) && dated.len() == 1
        || (is_moved(sentence)
            && dated.len() == 1
            && dated.iter().all(|date| date.lead != Lead::NewDay))
        || (background.is_cancelled && !is_moved(sentence))
}

/// Returns the time of day that belongs to a date: the next one behind it, else
/// the last one before it, up to the next date; a list of days shares one.
fn time_of<'a>(times: &'a [TimeOfDay], dated: &[Dated], at: usize) -> Option<&'a TimeOfDay> {
    let date = &dated[at];
    let next = dated.get(at + 1).map_or(usize::MAX, |next| next.tokens.start);
    let before = at.checked_sub(1).map_or(0, |before| dated[before].tokens.end);
    let inside = |time: &&TimeOfDay| {
        time.tokens.start >= date.tokens.start && time.tokens.start < date.tokens.end
    };
    times
        .iter()
        .find(|time| (date.tokens.end..next).contains(&time.tokens.start))
        .or_else(|| times.iter().find(inside))
        .or_else(|| {
            times.iter().rev().find(|time| {
                time.tokens.end <= date.tokens.start
                    && time.tokens.start >= before
                    && dated.len() == 1
            })
        })
        // `am 9. und am 16. Juni jeweils um 17 Uhr`
        .or_else(|| {
            times
                .iter()
                .find(|time| time.tokens.start >= date.tokens.end)
                .filter(|_| times.len() == 1)
        })
}
