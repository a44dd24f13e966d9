//! What it costs to look for the own words of all readers in the items of a digest.
//!
//! ```text
//! cargo bench --bench keywords
//! ```
//!
//! 100,000 readers with three words each, of which most are theirs alone; 500 items of 4,000
//! characters. One thread.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

use amtsbote::clock::Stopwatch;
use amtsbote::topic::Keywords;

const READERS: usize = 100_000;
const WORDS: usize = 3;
const ITEMS: usize = 500;

const PARTS: [&str; 24] = [
    "Amt",
    "Akte",
    "Antrag",
    "Bau",
    "Bildung",
    "Breitband",
    "Daten",
    "Dienst",
    "Energie",
    "Förder",
    "Gemeinde",
    "Haushalt",
    "Kita",
    "Klima",
    "Kreis",
    "Melde",
    "Netz",
    "Personal",
    "Portal",
    "Rat",
    "Schul",
    "Sicherheits",
    "Verkehrs",
    "Wasser",
];
const HEADS: [&str; 12] = [
    "plan", "stelle", "system", "projekt", "bescheid", "programm", "gesetz", "karte", "konzept",
    "register", "vertrag", "zentrum",
];

/// The same numbers each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % end
    }

    fn word(&mut self) -> String {
        format!("{}{}", PARTS[self.below(PARTS.len())], HEADS[self.below(HEADS.len())])
    }
}

fn main() {
    let mut numbers = Numbers(7);
    let readers: Vec<Vec<String>> = (0..READERS)
        .map(|reader| {
            let mut own = vec![numbers.word(), format!("{}*", numbers.word())];
            own.push(format!("Vorhaben{reader} {}", numbers.word()));
            own.truncate(WORDS);
            own
        })
        .collect();
    let items: Vec<String> = (0..ITEMS)
        .map(|_| {
            let mut text = String::new();
            while text.len() < 4_000 {
                let (one, other) = (numbers.word(), numbers.word());
                let _ = write!(text, "Die Stadt stellt {one} und {other} vor. ");
            }
            text
        })
        .collect();

    let watch = Stopwatch::start();
    let distinct: HashSet<&String> = readers.iter().flatten().collect();
    let count = distinct.len();
    let keywords = Keywords::new(distinct.into_iter().cloned());
    let made = watch.elapsed();
    let mut items_of: HashMap<&str, Vec<usize>> = HashMap::new();
    for (number, text) in items.iter().enumerate() {
        for word in keywords.found("Aus dem Rathaus", text) {
            items_of.entry(word).or_default().push(number);
        }
    }
    let found = watch.elapsed();
    let hits: usize = readers
        .iter()
        .map(|own| {
            own.iter().filter_map(|word| items_of.get(word.as_str())).map(Vec::len).sum::<usize>()
        })
        .sum();
    let all = watch.elapsed();
    println!(
        "{READERS} readers x {WORDS} words ({count} different), {ITEMS} items: made ready in {:.2} s, \
         found in {:.2} s, given to readers in {:.2} s: {:.2} s for {hits} hits",
        made.as_secs_f64(),
        found.saturating_sub(made).as_secs_f64(),
        all.saturating_sub(found).as_secs_f64(),
        all.as_secs_f64(),
    );
}
