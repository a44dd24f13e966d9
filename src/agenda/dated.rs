//! The days, months and spans of a sentence, and what the words before each make of it.

use std::ops::Range;

use chrono::NaiveDate;

use super::cues::any_in;
use crate::text::date::mention::{Link, Mention, Resolved, Token};

/// One or two mentions that are one date: a day, a month or a span.
pub(super) struct Dated {
    pub(super) tokens: Range<usize>,
    /// Words before the date, without weekdays and articles: `bis`, `vom`, `am`.
    pub(super) lead: Lead,
    pub(super) first: Resolved,
    pub(super) last: Resolved,
    pub(super) is_span: bool,
    pub(super) is_month: bool,
    pub(super) is_relative: bool,
}

/// What the words right before a date make of it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Lead {
    /// `bis`, `spätestens`: the last day.
    Until,
    /// `seit`, `vom … ` of a document, `statt am`: not a day to come.
    Background,
    /// `auf den`: the new day of what was moved.
    NewDay,
    /// Any other.
    On,
}

/// Makes dates of the mentions of a sentence: spans become one, what was moved
/// leaves only its new day, what lies in the past or has no day is dropped.
pub(super) fn dated(tokens: &[Token], mentions: &[Mention], published: NaiveDate) -> Vec<Dated> {
    let mut found: Vec<Dated> = Vec::new();
    let mut lead_of_list = Lead::On;
    let mut at = 0;
    while let Some(mention) = mentions.get(at) {
        let next = mentions.get(at + 1);
        at += 1;
        let lead = match mention.link {
            Link::And => lead_of_list,
            Link::MovedTo => Lead::NewDay,
            Link::None | Link::Until => lead(tokens, mention),
        };
        lead_of_list = lead;
        let (mut end, mut tokens_end, mut is_span) = (mention, mention.tokens.end, false);
        match next.map(|next| next.link) {
            // The old day of what was moved.
            Some(Link::MovedTo) => continue,
            link if link == Some(Link::Until)
                || next.is_some_and(|next| are_a_span(tokens, mention, next, published)) =>
            {
                if let Some(next) = next {
                    (end, tokens_end, is_span) = (next, next.tokens.end, true);
                }
                at += 1;
            }
            _ => {}
        }
        let Some(last) = end.resolve(published) else { continue };
        let first = if is_span { mention.resolve_before(last.first) } else { Some(last) };
        let Some(first) = first else { continue };
        if last.last < published || first.first > last.last {
            continue;
        }
        // „Der für den 21. April geplante Kongress findet erst am 6. Oktober statt“: the last day counts.
        let was_planned = tokens[tokens_end..]
            .iter()
            .take(5)
            .any(|token| any_in!("geplante angesetzte vorgesehene angekundigte", &[&*token.word]));
        if was_planned && mentions.get(at).is_some_and(|next| !next.is_relative()) {
            continue;
        }
        if lead == Lead::NewDay {
            // The day before it in the sentence is the old one.
            found.clear();
        }
        found.push(Dated {
            tokens: mention.tokens.start..tokens_end,
            lead: if is_span { Lead::On } else { lead },
            first,
            last,
            is_span,
            is_month: mention.is_month() || end.is_month(),
            is_relative: mention.is_relative(),
        });
    }
    found
}

/// Returns whether two days of a list are a span: `24./25. Juni`, `am 5. und 6. Juni`,
/// `zwischen dem 4. und dem 15. Mai`.
fn are_a_span(tokens: &[Token], one: &Mention, other: &Mention, published: NaiveDate) -> bool {
    let before = tokens[..one.tokens.start].iter().rev().take(2);
    let is_between = before.into_iter().any(|token| token.word == "zwischen");
    let days = one.resolve(published).zip(other.resolve(published));
    let is_next_day = days.is_some_and(|(one, other)| one.last.succ_opt() == Some(other.first));
    let is_each = tokens.iter().any(|token| token.word == "jeweils");
    other.link == Link::And && (is_between || is_next_day && !is_each)
}

fn lead(tokens: &[Token], mention: &Mention) -> Lead {
    let before: Vec<&str> =
        tokens[..mention.tokens.start].iter().rev().take(5).map(|token| &*token.word).collect();
    // „bis heute“ speaks of the past, „an jedem ersten Sonntag“ of no day.
    let is_idiom = tokens[mention.tokens.start].word == "heute" && before.first() == Some(&"bis");
    let recurs =
        ["jeden", "jedem", "ersten", "zweiten", "dritten", "vierten", "letzten", "vergangenen"];
    if is_idiom || mention.is_relative() && before.first().is_some_and(|word| recurs.contains(word))
    {
        return Lead::Background;
    }
    let mut is_until = false;
    for (at, word) in before.iter().enumerate() {
        match *word {
            "bis" | "spaetestens" | "vor" => return Lead::Until,
            "auf" => return Lead::NewDay,
            // „nicht am 1. April, sondern“, „und nicht schon am 31. März“
            "nicht"
                if before[..at].contains(&"schon")
                    || tokens[mention.tokens.end..].iter().any(|token| token.word == "sondern") =>
            {
                return Lead::Background;
            }
            "den" | "dem" | "der" | "zum" | "einschliesslich" | "," | "kommenden" | "naechsten"
            | "diesen" | "zu" | "incl" | "inkl" | "." | "des" | "tag" | "ablauf" | "mit" => {
                is_until |= *word == "ablauf";
            }
            // `bis Ostermontag, 6. April`
            word if word.ends_with("tag") => {}
            "seit" | "stand" | "datum" | "datiert" => return Lead::Background,
            // „findet statt am“
            "statt" if before[at + 1..].iter().any(|word| word.starts_with("find")) => break,
            "statt" | "anstatt" | "anstelle" | "urspruenglich" | "bisher" | "bislang"
            | "eigentlich" => return Lead::Background,
            // A document or an event „vom 3. Mai“; a rule applies „vom 1. Mai an“.
            "am" | "wie" | "schon" | "erst" | "nun" | "jetzt" | "zunaechst" | "angekuendigt"
            | "geplant" | "gemeldet" | "vorgesehen" => {}
            "vom" => {
                let after = tokens.get(mention.tokens.end).map_or("", |token| &token.word);
                return if after == "an" || before.get(at + 1) == Some(&"wirkung") {
                    Lead::On
                } else {
                    Lead::Background
                };
            }
            _ => break,
        }
    }
    if is_until { Lead::Until } else { Lead::On }
}
