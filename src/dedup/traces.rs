//! Traces: what finds and judges the stories of an item, in some hundred bytes.
//!
//! Everything is a hash, so that a stored item can be judged without reading
//! its text again. The bytes of [`Traces::to_bytes`] are kept in the database;
//! their first byte is a version.

mod bytes;

use std::collections::HashSet;
use std::sync::LazyLock;

use super::reading::{Word, hash_bytes, hash_word, spread, words};
use super::serial::{Marks, marks};
use super::similar::{bands, shingle};
use crate::model::{Item, Timestamp};
use crate::text::{self, Outcome, Outcomes};

/// Words of the text that are looked at: copies begin with the lead.
const LEAD_WORDS: usize = 240;
const TITLE_WORDS: usize = 40;
/// Words in which a report says how the matter ended.
const OPENING_WORDS: usize = 60;
/// Words that stand for an item in the index.
pub(super) const PICKED: usize = 16;
const NAMES: usize = 64;
const ALIASES: usize = 8;
const LINKS: usize = 8;
const NUMBERS: usize = 24;

/// What finds and judges the stories of an item.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Traces {
    /// Editorial date, also a guessed one: a day more or less does not matter here.
    pub published: Option<Timestamp>,
    /// Hash of the folded words of title and whole text: copies to the word.
    pub whole: u64,
    /// Words of title and whole text.
    pub length: u32,
    /// The words of the title in their order.
    pub title: Vec<Token>,
    /// The words of the lead in their order.
    pub lead: Vec<Token>,
    /// Three consecutive words of the lead as one number; sorted, without repeats.
    /// Not stored: the lead gives them.
    pub shingles: Vec<u32>,
    /// What title and lead say of how the matter stands.
    pub outcomes: Told,
    /// The text says that it corrects an earlier one.
    pub corrects: bool,
    /// Bands of the shingles (see `similar`); not stored, they are only looked up.
    pub bands: Vec<u64>,
    /// Names under which other sources may hold the same item.
    pub aliases: Vec<u64>,
    /// Pages its text links to.
    pub links: Vec<u64>,
    /// Words that name something, by their capital and place, but for common nouns; sorted.
    pub names: Vec<u32>,
    /// Those of them that stand in the title; sorted.
    pub title_names: Vec<u32>,
    /// Numbers of the lead that are no years; sorted.
    pub numbers: Vec<u32>,
    /// The names by which an index finds the item; not stored.
    pub picked: Vec<u64>,
    /// What the title says of a series.
    pub marks: Marks,
}

/// What a word is, for telling templates from copies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Any word.
    Plain,
    /// A capital inside a sentence, or capitals inside the word: a name or a noun.
    Name,
    Number,
    /// A month, a day of the week, a year.
    Calendar,
}

/// A word of a title or lead: 30 bits of its hash, and its class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token(u32);

impl Token {
    fn of(word: &Word<'_>, in_title: bool) -> Self {
        let is_name = word.inner_capitals > 0 && word.length >= 2
            || word.capital && word.length >= 3 && (in_title || !word.opens);
        let class = if word.of_calendar {
            Class::Calendar
        } else if word.digits > 0 {
            Class::Number
        } else if is_name {
            Class::Name
        } else {
            Class::Plain
        };
        Self((class as u32) << 30 | upper(word.hash) >> 2)
    }

    /// Returns the word without its class.
    pub const fn word(self) -> u32 {
        self.0 & 0x3fff_ffff
    }

    /// Returns what the word is.
    pub const fn class(self) -> Class {
        match self.0 >> 30 {
            1 => Class::Name,
            2 => Class::Number,
            3 => Class::Calendar,
            _ => Class::Plain,
        }
    }
}

/// What a report says of how the matter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Told {
    /// In its title and first sentences.
    pub opening: Outcomes,
    /// Anywhere in the lead.
    pub all: Outcomes,
    /// Which bodies the title and the first sentence name, as bits.
    pub bodies: u32,
}

impl Told {
    /// Returns whether one opens with an outcome that the other does not know of: one
    /// that turns the matter, or one while the other opens with yet another.
    pub fn contradict(self, other: Self) -> bool {
        let (ours, theirs) = (self.opening.without(other.all), other.opening.without(self.all));
        let turns = |outcomes: Outcomes| outcomes.iter().any(Outcome::is_turn);
        // "Kabinett beschließt", "Landtag stimmt zu": one matter at two steps.
        let both = Outcomes(self.opening.0 & other.opening.0);
        let other_body = self.bodies != 0
            && other.bodies != 0
            && self.bodies & other.bodies == 0
            && both.iter().any(|outcome| matches!(outcome, Outcome::Adopted | Outcome::Rejected));
        turns(ours) || turns(theirs) || other_body || !ours.is_empty() && !theirs.is_empty()
    }

    fn read(title: &str, lead: &str) -> Self {
        let mut told = Self::default();
        let mut seen = 0;
        for (part, sentence) in text::sentences(title)
            .map(|part| (true, part))
            .chain(text::sentences(lead).map(|part| (false, part)))
        {
            let folded = text::fold(sentence);
            let words: Vec<&str> = text::words(&folded).map(|(_, word)| word).collect();
            let found = text::outcomes(&words);
            if part || seen == 0 {
                told.bodies |= text::deciding_bodies(&words);
            }
            if part || seen < OPENING_WORDS {
                told.opening = told.opening.with(found);
            }
            told.all = told.all.with(found);
            seen += words.len();
            if seen >= LEAD_WORDS {
                break;
            }
        }
        told
    }
}

/// Takes the traces of an item. Costs some ten microseconds, so it is for new
/// and changed items only.
pub fn traces(item: &Item) -> Traces {
    let text = if item.text.is_empty() { &item.summary } else { &item.text };
    let mut aliases: Vec<u64> =
        item.aliases.iter().filter_map(|alias| alias_hash(alias)).take(ALIASES).collect();
    sort(&mut aliases);
    let mut links: Vec<u64> = item
        .links
        .iter()
        .chain(item.documents.iter().map(|document| &document.url))
        .filter_map(|link| page_hash(without_fragment(link)))
        .filter(|link| !aliases.contains(link))
        .take(LINKS)
        .collect();
    sort(&mut links);
    Traces { published: item.published, aliases, links, ..of_words(&item.title, text) }
}

/// Returns the traces that title and text alone give.
fn of_words(title: &str, text: &str) -> Traces {
    let mut names = Names::default();
    let mut whole = 0_u64;
    let mut length = 0_u32;
    let mut count = |word: &Word<'_>| {
        whole = whole.rotate_left(5).wrapping_mul(0x0100_0000_01b3) ^ word.hash;
        length = length.saturating_add(1);
    };
    let mut title_words = Vec::new();
    for word in words(title) {
        count(&word);
        names.read(&word, true);
        if title_words.len() < TITLE_WORDS {
            title_words.push(Token::of(&word, true));
        }
    }
    let own = without_about(without_dateline(text));
    let mut lead = Vec::with_capacity(LEAD_WORDS);
    let mut lead_end = own.len();
    for word in words(own) {
        count(&word);
        if lead.len() < LEAD_WORDS {
            names.read(&word, false);
            lead.push(Token::of(&word, false));
        } else if lead_end == own.len() {
            lead_end = word.text.as_ptr().addr().saturating_sub(own.as_ptr().addr());
        }
    }
    let shingles = shingles(&lead);
    let lead_text = own.get(..lead_end).unwrap_or(own);
    let (names, title_names, numbers, picked) = names.finish();
    Traces {
        whole,
        length,
        bands: bands(&shingles),
        shingles,
        outcomes: Told::read(title, lead_text),
        corrects: corrects(title) || corrects(lead_text),
        title: title_words,
        lead,
        names,
        title_names,
        numbers,
        picked,
        marks: marks(title),
        ..Traces::default()
    }
}

/// Returns three consecutive words of the lead as one number each; sorted, without repeats.
fn shingles(lead: &[Token]) -> Vec<u32> {
    let mut shingles: Vec<u32> = lead
        .windows(3)
        .map(|three| {
            let [first, second, third] = [0, 1, 2].map(|at| u64::from(three[at].word()));
            shingle(first, second, third)
        })
        .collect();
    sort(&mut shingles);
    shingles
}

/// Returns whether the text says that it mends an earlier one.
fn corrects(text: &str) -> bool {
    const MARKS: [&str; 9] = [
        "erichtigung",
        "erichtigt",
        "orrektur:",
        "orrigiert",
        "ichtigstellung",
        "rrtümlich",
        "früheren Fassung",
        "ersten Fassung",
        "ursprünglichen Fassung",
    ];
    MARKS.iter().any(|mark| text.contains(mark))
}

/// Returns the text without the paragraph about its publisher: "Über KIME: Der Zweckverband …".
/// It stands under all that the publisher says.
fn without_about(text: &str) -> &str {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let head = &line[..line.floor_char_boundary(70)];
        let is_about = ["Über ", "Ueber ", "Zum Hintergrund", "Zum Unternehmen"]
            .iter()
            .any(|words| head.starts_with(words));
        let heads = head.find(':').is_some_and(|colon| !head[..colon].contains(['.', ',']))
            || line.trim_end().len() <= 40 && !line.trim_end().ends_with('.');
        if at > 0 && is_about && heads {
            return text[..at].trim_end();
        }
        at += line.len();
    }
    text
}

/// Returns the text without the place, the day and the agency before its first sentence:
/// "Burg/Genthin, 13.02.2026 (KIME) – ".
fn without_dateline(text: &str) -> &str {
    const LONGEST: usize = 70;
    let head = &text[..text.floor_char_boundary(LONGEST)];
    let sign = [" – ", " — ", " - ", "). "]
        .iter()
        .filter_map(|sign| head.find(sign).map(|at| (at, at + sign.len())));
    let Some((at, behind)) = sign.min() else { return text };
    let small = |word: &str| {
        word.starts_with(char::is_lowercase)
            && !matches!(word, "am" | "den" | "der" | "an" | "in" | "bei")
    };
    let bare = head[..at].split('(').next().unwrap_or_default();
    if bare.split_whitespace().any(small) || bare.split_whitespace().count() > 6 {
        return text;
    }
    &text[behind..]
}

/// Hashes of nouns that say nothing about what a report is of.
static COMMON: LazyLock<HashSet<u64>> =
    LazyLock::new(|| text::common_nouns().iter().map(|stem| hash_word(stem)).collect());

/// Collects the words that name something.
#[derive(Default)]
struct Names {
    /// Rank (smaller is rarer) and hash.
    all: Vec<(u64, u64)>,
    title: Vec<u32>,
    numbers: Vec<u32>,
}

impl Names {
    fn read(&mut self, word: &Word<'_>, in_title: bool) {
        if word.number.is_some() {
            self.read_number(word, in_title);
            return;
        }
        let coined = word.inner_capitals > 0 && word.length >= 2;
        let noun = word.capital && word.length >= 3 && (in_title || !word.opens);
        if !coined && !noun || COMMON.contains(&word.hash) {
            return;
        }
        // The rank depends on the word alone, so that two texts with the same
        // words pick the same ones. Long words are rarer: their rank shrinks.
        let weight = u64::from(word.length.min(24)) + if coined { 10 } else { 0 };
        self.add(word.hash, weight * weight, in_title);
    }

    fn read_number(&mut self, word: &Word<'_>, in_title: bool) {
        let Some(number) = word.number else { return };
        if (1990..2100).contains(&number) {
            return;
        }
        if self.numbers.len() < NUMBERS {
            self.numbers.push(number);
        }
        if word.digits >= 3 {
            self.add(word.hash, 200, in_title);
        }
    }

    fn add(&mut self, hash: u64, weight: u64, in_title: bool) {
        self.all.push(((hash >> 16) / weight, hash));
        if in_title {
            self.title.push(upper(hash));
        }
    }

    /// Returns names, those of the title, numbers, and the names to look up.
    fn finish(mut self) -> (Vec<u32>, Vec<u32>, Vec<u32>, Vec<u64>) {
        sort(&mut self.all);
        self.all.truncate(NAMES);
        let picked = self.all.iter().take(PICKED).map(|(_, hash)| *hash).collect();
        let mut names: Vec<u32> = self.all.iter().map(|(_, hash)| upper(*hash)).collect();
        sort(&mut names);
        sort(&mut self.title);
        self.title.truncate(NAMES);
        sort(&mut self.numbers);
        (names, self.title, self.numbers, picked)
    }
}

pub(super) fn upper(hash: u64) -> u32 {
    (hash >> 32) as u32
}

fn sort<T: Ord>(values: &mut Vec<T>) {
    values.sort_unstable();
    values.dedup();
}

/// Returns the hash of an alias. Those that are pages (`link:…`) count as pages, so that
/// another item's link to them is seen. A start page is the name of no item.
fn alias_hash(alias: &str) -> Option<u64> {
    match alias.strip_prefix("link:").or(Some(alias).filter(|alias| alias.contains("://"))) {
        Some(page) => page_hash(page),
        None => Some(hash_bytes(alias.as_bytes())),
    }
}

/// Returns the hash of a page's address without what does not tell pages apart: scheme,
/// `www.`, trailing slash, case of the host, the parameters of counters. None
/// for a start page.
fn page_hash(url: &str) -> Option<u64> {
    const COUNTERS: [&str; 5] = ["utm_", "pk_", "mtm_", "fbclid", "gclid"];
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let (host, rest) = rest.split_once('/')?;
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let path = path.trim_end_matches('/');
    let mut hash = hash_bytes(path.as_bytes());
    let mut is_start = path.is_empty();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        if !COUNTERS.iter().any(|counter| pair.starts_with(counter)) {
            hash = hash.rotate_left(9) ^ hash_bytes(pair.as_bytes());
            is_start = false;
        }
    }
    let host = host.strip_prefix("www.").unwrap_or(host);
    (!is_start).then(|| spread(hash_word(host) ^ hash.rotate_left(17)))
}

/// Returns the page that a link leads to, wherever on it.
fn without_fragment(link: &str) -> &str {
    link.split_once('#').map_or(link, |(page, _)| page)
}
