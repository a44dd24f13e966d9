//! Traces: what finds and judges the stories of an item, in some hundred bytes.
//!
//! Everything is a hash, so that a stored item can be judged without reading
//! its text again. The bytes of [`Traces::to_bytes`] are kept in the database;
//! their first byte is a version.

use super::reading::{Word, hash_bytes, hash_word, spread, words};
use super::serial::{Marks, marks};
use super::similar::{bands, shingle};
use crate::model::{Item, Timestamp};

/// Words of the text that are looked at: copies begin with the lead.
const LEAD_WORDS: usize = 240;
/// Words that stand for an item in the index.
pub(super) const PICKED: usize = 8;
const NAMES: usize = 64;
const ALIASES: usize = 8;
const LINKS: usize = 8;
const NUMBERS: usize = 24;
const VERSION: u8 = 1;

/// What finds and judges the stories of an item.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Traces {
    /// Editorial date, also a guessed one: a day more or less does not matter here.
    pub published: Option<Timestamp>,
    /// Hash of the folded words of title and whole text: copies to the word.
    pub whole: u64,
    /// Words of title and whole text.
    pub length: u32,
    /// Three consecutive words of the lead as one number; sorted, without repeats.
    pub shingles: Vec<u32>,
    /// Bands of the shingles (see `similar`); not stored, they are only looked up.
    pub bands: Vec<u64>,
    /// Names under which other sources may hold the same item.
    pub aliases: Vec<u64>,
    /// Pages its text links to.
    pub links: Vec<u64>,
    /// Words that name something (proper names, long nouns, abbreviations); sorted.
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

/// Takes the traces of an item. Costs some ten microseconds, so it is for new
/// and changed items only.
pub fn traces(item: &Item) -> Traces {
    let text = if item.text.is_empty() { &item.summary } else { &item.text };
    let mut names = Names::default();
    let mut whole = 0_u64;
    let mut length = 0_u32;
    let mut count = |word: &Word<'_>| {
        whole = whole.rotate_left(5).wrapping_mul(0x0100_0000_01b3) ^ word.hash;
        length = length.saturating_add(1);
    };
    for word in words(&item.title) {
        count(&word);
        names.read(&word, true);
    }
    let mut shingles = Vec::with_capacity(LEAD_WORDS);
    let (mut first, mut second) = (0, 0);
    for (place, word) in words(text).enumerate() {
        count(&word);
        if place >= LEAD_WORDS {
            continue;
        }
        if place >= 2 {
            shingles.push(shingle(first, second, word.hash));
        }
        (first, second) = (second, word.hash);
        names.read(&word, false);
    }
    sort(&mut shingles);
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
    let (names, title_names, numbers, picked) = names.finish();
    Traces {
        published: item.published,
        whole,
        length,
        bands: bands(&shingles),
        shingles,
        aliases,
        links,
        names,
        title_names,
        numbers,
        picked,
        marks: marks(&item.title),
    }
}

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
        if word.digits > 0 && u16::from(word.digits) == word.length {
            self.read_number(word, in_title);
            return;
        }
        let coined = word.inner_capitals > 0 && word.length >= 3;
        let noun = word.capital && word.length >= if word.opens { 10 } else { 7 };
        if !coined && !noun {
            return;
        }
        // The rank depends on the word alone, so that two texts with the same
        // words pick the same ones. Long words are rarer: their rank shrinks.
        let weight = u64::from(word.length.min(24)) + if coined { 10 } else { 0 };
        self.add(word.hash, weight * weight, in_title);
    }

    fn read_number(&mut self, word: &Word<'_>, in_title: bool) {
        let Ok(number) = word.text.parse::<u32>() else { return };
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

    /// Names, those of the title, numbers, and the names to look up.
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

/// Hash of an alias. Those that are pages (`link:…`) count as pages, so that
/// another item's link to them is seen. A start page is the name of no item.
fn alias_hash(alias: &str) -> Option<u64> {
    match alias.strip_prefix("link:").or(Some(alias).filter(|alias| alias.contains("://"))) {
        Some(page) => page_hash(page),
        None => Some(hash_bytes(alias.as_bytes())),
    }
}

/// Hash of a page's address without what does not tell pages apart: scheme,
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

/// A link leads to a page, wherever on it.
fn without_fragment(link: &str) -> &str {
    link.split_once('#').map_or(link, |(page, _)| page)
}

impl Traces {
    /// What is kept of them: all but what is only looked up.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(64 + 4 * self.shingles.len() + 4 * self.names.len());
        bytes.push(VERSION);
        bytes.push(u8::from(self.marks.serial) | u8::from(self.marks.round_up) << 1);
        bytes.extend(self.published.map_or(i64::MIN, |at| at.0).to_le_bytes());
        bytes.extend(self.whole.to_le_bytes());
        bytes.extend(self.length.to_le_bytes());
        for list in
            [&self.shingles, &self.names, &self.title_names, &self.numbers, &self.marks.codes]
        {
            bytes.extend(u16::try_from(list.len()).unwrap_or(u16::MAX).to_le_bytes());
            bytes.extend(list.iter().take(usize::from(u16::MAX)).flat_map(|v| v.to_le_bytes()));
        }
        for list in [&self.aliases, &self.links] {
            bytes.extend(u16::try_from(list.len()).unwrap_or(u16::MAX).to_le_bytes());
            bytes.extend(list.iter().take(usize::from(u16::MAX)).flat_map(|v| v.to_le_bytes()));
        }
        bytes
    }

    /// Reads what [`Traces::to_bytes`] wrote; none if it was another version or
    /// is damaged: such an item is found by nobody.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes;
        let [version, flags] = take::<2>(&mut rest)?;
        if version != VERSION {
            return None;
        }
        let published = i64::from_le_bytes(take(&mut rest)?);
        let whole = u64::from_le_bytes(take(&mut rest)?);
        let length = u32::from_le_bytes(take(&mut rest)?);
        let shingles = take_list(&mut rest, u32::from_le_bytes)?;
        let names = take_list(&mut rest, u32::from_le_bytes)?;
        let title_names = take_list(&mut rest, u32::from_le_bytes)?;
        let numbers = take_list(&mut rest, u32::from_le_bytes)?;
        let codes = take_list(&mut rest, u32::from_le_bytes)?;
        let aliases = take_list(&mut rest, u64::from_le_bytes)?;
        let links = take_list(&mut rest, u64::from_le_bytes)?;
        Some(Self {
            published: (published != i64::MIN).then_some(Timestamp(published)),
            whole,
            length,
            shingles,
            bands: Vec::new(),
            aliases,
            links,
            names,
            title_names,
            numbers,
            picked: Vec::new(),
            marks: Marks { codes, serial: flags & 1 != 0, round_up: flags & 2 != 0 },
        })
    }
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (head, rest) = bytes.split_first_chunk::<N>()?;
    *bytes = rest;
    Some(*head)
}

fn take_list<const N: usize, T>(bytes: &mut &[u8], read: fn([u8; N]) -> T) -> Option<Vec<T>> {
    let length = usize::from(u16::from_le_bytes(take(bytes)?)) * N;
    let (head, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(head.as_chunks::<N>().0.iter().map(|chunk| read(*chunk)).collect())
}
