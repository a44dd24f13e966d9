//! What each date of a sentence is for.

use std::ops::Range;

use chrono::NaiveDate;

use super::cues::{self, any_in, is_in};
use super::place;
use crate::model::{Budget, DateKind, Exhausted, ItemDate, Precision};
use crate::text::date::mention::{self, Link, Mention, Resolved, TimeOfDay, Token};
use crate::text::{fold, words};

/// What the whole item tells about each of its dates.
pub(super) struct Background {
    published: NaiveDate,
    /// Folded words of the title.
    title: Vec<String>,
    /// Words about money that can be applied for: in the title two, in the text one each.
    funding: usize,
    /// The title names a gathering.
    is_event: bool,
    /// The title warns of what the text tells.
    is_warning: bool,
    /// The title says that something is off.
    is_cancelled: bool,
    /// The title tells of a closure, of maintenance, of a contract.
    is_notice: bool,
    /// The text is about a contest: what it ends with is no funding, whatever it pays.
    is_contest: bool,
    /// The rows of its table are events or deadlines, as their heading says.
    table: Option<DateKind>,
}

impl Background {
    /// Reads title and text for what they are about.
    ///
    /// # Errors
    /// Fails if the budget has no steps left for them.
    pub(super) fn of(
        title: &str,
        text: &str,
        published: NaiveDate,
        budget: &Budget,
    ) -> Result<Self, Exhausted> {
        budget.step(title.len() + text.len())?;
        let table = text.lines().find_map(table_of);
        let (title, text) = (fold(title), fold(text));
        let title: Vec<&str> = words(&title).map(|(_, word)| word).collect();
        let is_about = |word: &str| is_in(cues::FUNDING, word) && !is_in(cues::NO_FUNDING, word);
        let in_title = title.iter().filter(|word| is_about(word)).count();
        let in_text = words(&text).filter(|(_, word)| is_about(word)).count();
        Ok(Self {
            published,
            title: title.iter().map(|word| (*word).to_owned()).collect(),
            funding: 2 * in_title + in_text,
            is_event: title.iter().any(|word| is_gathering(word)),
            is_warning: any_in("=warnung =warnt betrug betruger phishing", &title),
            is_cancelled: is_off(&title),
            is_notice: any_in(cues::NOT_ACTIONABLE, &title)
                && !title.iter().any(|word| is_gathering(word)),
            is_contest: title
                .iter()
                .copied()
                .chain(words(&text).map(|(_, word)| word))
                .any(|word| is_in(cues::CONTESTS, word) && !is_in(cues::NO_CONTESTS, word)),
            table,
        })
    }

    /// Returns the kind of a deadline that those words set.
    fn deadline(&self, words: &[&str]) -> DateKind {
        let applies = any_in(cues::APPLICATIONS, words);
        let is_funding = self.funding >= 2 && !self.is_contest || applies;
        if self.funding > 0 && is_funding { DateKind::Funding } else { DateKind::Deadline }
    }
}

/// Returns what the rows below this line are, if it is the heading of a table with dates.
fn table_of(line: &str) -> Option<DateKind> {
    let line = fold(line);
    if line.matches('|').count() < 2 || line.contains(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let heading: Vec<&str> = words(&line).map(|(_, word)| word).collect();
    let is_deadline = heading
        .iter()
        .any(|word| is_in(cues::DEADLINE_NOUNS, word) && !is_in(cues::NO_DEADLINE_NOUNS, word));
    let kind = if is_deadline { DateKind::Deadline } else { DateKind::Event };
    (is_deadline || any_in(cues::EVENT_LABELS, &heading)).then_some(kind)
}

fn is_gathering(word: &str) -> bool {
    is_in(cues::EVENT_NOUNS, word) && !is_in(cues::NO_EVENT_NOUNS, word)
}

/// Returns whether the words call something off.
fn is_off(words: &[&str]) -> bool {
    let has = |word: &str| words.contains(&word);
    any_in(cues::CANCELLED, words)
        || ((has("faellt") || has("fallen")) && has("aus"))
        || (has("nicht") && has("statt"))
        || (has("unbestimmte") && has("verschoben"))
}

/// One or two mentions that are one date: a day, a month or a span.
struct Dated {
    tokens: Range<usize>,
    /// Words before the date, without weekdays and articles: `bis`, `vom`, `am`.
    lead: Lead,
    first: Resolved,
    last: Resolved,
    is_span: bool,
    is_month: bool,
    is_relative: bool,
}

/// What the words right before a date make of it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lead {
    /// `bis`, `spätestens`: the last day.
    Until,
    /// `seit`, `vom … ` of a document, `statt am`: not a day to come.
    Background,
    /// `auf den`: the new day of what was moved.
    NewDay,
    /// Any other.
    On,
}

/// Returns the dates of a sentence that a reader can act on; the sentence is left empty.
///
/// `before` is the sentence before it: „Er gilt vom …“ speaks of a noun that stands there
/// or in the title.
pub(super) fn judge(
    before: &[Token],
    tokens: &[Token],
    mentions: &[Mention],
    background: &Background,
) -> Vec<ItemDate> {
    let sentence: Vec<&str> = tokens.iter().map(|token| token.word.as_str()).collect();
    let subject: Vec<&str> = match sentence.first() {
        Some(first) if any_in(cues::PRONOUNS, &[first]) => before
            .iter()
            .map(|token| &*token.word)
            .chain(background.title.iter().map(|word| &**word))
            .collect(),
        _ => Vec::new(),
    };
    let times = mention::times_of_day(tokens);
    let dated = dated(tokens, mentions, background.published);
    let mut found = Vec::new();
    for (at, date) in dated.iter().enumerate() {
        let clause = &sentence[clause(&sentence, &dated, at)];
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
        let time = (!date.is_month).then(|| time_of(&times, &dated, at)).flatten();
        let is_off = kind == DateKind::Event && is_cancelled(&sentence, clause, &dated, background);
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

/// Makes dates of the mentions of a sentence: spans become one, what was moved
/// leaves only its new day, what lies in the past or has no day is dropped.
fn dated(tokens: &[Token], mentions: &[Mention], published: NaiveDate) -> Vec<Dated> {
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
            .any(|token| any_in("geplante angesetzte vorgesehene angekundigte", &[&*token.word]));
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
    let names_deadline = clause
        .iter()
        .any(|word| is_in(cues::DEADLINE_NOUNS, word) && !is_in(cues::NO_DEADLINE_NOUNS, word));
    // „Die Bewerbungsfrist endet am“ is proof enough whatever else is said.
    if names_deadline {
        let is_over = any_in("=endete =endeten abgelaufen =ablief", clause);
        return (!is_over).then(|| Kind::Until(background.deadline(sentence)));
    }
    // „Bindefrist des Angebots“ is the office's own.
    if any_in(cues::NO_DEADLINE_NOUNS, clause)
        && any_in("*frist", clause)
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
    if is_closed || any_in(cues::NOT_ACTIONABLE, sentence) || is_goal(sentence, date) {
        return None;
    }
    let lies_open = any_in("=liegt =liegen", sentence) && any_in("=aus", sentence);
    if date.lead == Lead::Until && !date.is_span {
        let acts = any_in(cues::ACTIONS, if date.is_month { clause } else { sentence })
            || (any_in(cues::ADDRESSING, sentence) && !date.is_month)
            || lies_open;
        return acts.then(|| Kind::Until(background.deadline(clause)));
    }
    // „letzter Tag ist der“, „letzte Gelegenheit am“
    let is_last = any_in("=letzte =letzter =letztes letztmoglich letztmal", clause)
        && any_in("=tag =termin moglichkeit gelegenheit =chance letztmoglich letztmal", clause);
    if (is_last || any_in("=endet =enden", clause)) && any_in(cues::ACTIONS, sentence) {
        return Some(Kind::Until(background.deadline(clause)));
    }
    // „muss am 30. Juni vorliegen“
    let must = any_in("=muss =mussen", clause) && any_in(cues::HANDED_IN, clause);
    if must && date.lead == Lead::On && !date.is_span && !is_from(sentence, date) {
        return Some(Kind::Until(background.deadline(clause)));
    }
    if date.is_span
        && (lies_open || any_in(cues::ACTIONS, sentence))
        && !any_in(cues::EVENT_VERBS, clause)
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
    let hands_in = any_in(cues::HANDED_IN, sentence);
    date.lead == Lead::Until
        && (has(&["soll", "sollen"]) && !hands_in
            || has(&["will", "wollen", "plant", "planen"]) && !has(&["wer"]))
}

fn is_law(sentence: &[&str], clause: &[&str], subject: &[&str], date: &Dated) -> bool {
    let follows = |first: &str, second: &str| {
        sentence.windows(2).any(|pair| pair[0] == first && pair[1] == second)
    };
    let is_contract = any_in(cues::NO_LAW, sentence) || any_in(cues::NO_LAW, subject);
    if any_in("=inkrafttreten", sentence) {
        return true;
    }
    if follows("in", "kraft") || follows("ausser", "kraft") {
        return any_in("=tritt =treten =trete setzt gesetzt", sentence);
    }
    if follows("mit", "wirkung") || follows("mit", "ablauf") {
        return !is_contract
            && !any_in(cues::PAST, clause)
            && !any_in("gewahlt bestellt berufen ernannt", sentence);
    }
    if is_contract || any_in(cues::NOT_ACTIONABLE, clause) {
        return false;
    }
    let is_rule = any_in(cues::RULES, sentence) || any_in(cues::RULES, subject);
    if is_rule && ends_rule(sentence, subject) {
        return true;
    }
    let from = is_from(sentence, date);
    let from = from && date.lead != Lead::Until;
    let applies = any_in(cues::LAW_VERBS, clause)
        && (from || date.is_month || date.lead == Lead::Until && any_in("=gilt =gelten", clause));
    let obliges = from && (any_in(cues::OBLIGATIONS, clause) || follows("nur", "noch"));
    (applies || obliges) && !any_in("anmeld bewerb einreich", clause)
}

/// „läuft aus“, „endet“
fn ends_rule(sentence: &[&str], subject: &[&str]) -> bool {
    let has = |word: &str| sentence.contains(&word);
    (has("laeuft") && (has("aus") || has("ab")))
        || has("ausser")
        || (has("endet") && (any_in(cues::RULES, sentence) || any_in(cues::RULES, subject)))
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
    let is_age = any_in("=jahre", sentence) && any_in("=alt", sentence);
    if is_age || background.is_notice {
        return false;
    }
    let is_noun_here = sentence.iter().any(|word| is_gathering(word));
    let is_verb_here = any_in(cues::EVENT_VERBS, clause);
    let is_weak_verb_here = any_in(cues::WEAK_EVENT_VERBS, clause);
    let is_changed = is_off(sentence) || is_moved(sentence);
    let has_time = !times.is_empty();
    if date.is_month {
        return is_noun_here && any_in("=statt stattfind", clause);
    }
    let is_told = any_in(cues::PAST, clause) && !is_changed;
    // What is called off was a gathering, whatever its name.
    let is_about_event = is_noun_here
        || background.is_event
        || subject.iter().any(|word| is_gathering(word))
        || any_in("abgesagt =absage abgeblasen", sentence);
    if date.is_relative {
        return is_about_event && is_off(sentence)
            || !is_told && has_time && (is_verb_here || is_about_event);
    }
    let recurs = any_in(cues::RECURRENCES, sentence);
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
    let is_labelled = sentence.get(1) == Some(&":") && any_in(cues::EVENT_LABELS, &sentence[..1]);
    is_bare_line
        || is_labelled
        || names_it && !is_told
        || (date.is_span && background.is_event)
        || (is_about_event && (is_verb_here || is_changed || is_weak_verb_here))
        || ((has_time || background.is_event) && !is_from(sentence, date))
        || (is_verb_here
            && any_in(
                "=statt =buhne eingeweiht eroffnet verliehen =ladt =laden =tagt eingeladen",
                clause,
            ))
}

/// Tokens of a line that holds little more than a day, a time and a place.
const MAX_BARE_LINE: usize = 18;

fn is_moved(sentence: &[&str]) -> bool {
    any_in("verschoben verschiebt verlegt =verlegung", sentence)
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
