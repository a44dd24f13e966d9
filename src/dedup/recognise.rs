//! Items of a source found again on a page that was rebuilt: under other addresses,
//! with edited titles.

use super::similar::title_likeness;
use super::{Marks, marks, told_apart};
use crate::text::{fold, words};

/// An item as far as it can be recognised.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Appearance {
    /// Title in plain text.
    pub title: String,
    /// Its address.
    pub url: Option<String>,
    /// Day of its date, counted from anywhere.
    pub day: Option<i64>,
}

/// Titles less alike than this are different news.
///
/// Seen: an edited title from 0.7, other news of the same day below 0.4.
const ALIKE: f64 = 0.62;
/// The same where no date helps.
const ALIKE_UNDATED: f64 = 0.85;
/// Letters of an address's last part from which it names an item.
const TELLING_ADDRESS: usize = 12;
/// Words from which a title names an item although another has words before or behind them.
const TELLING_WORDS: usize = 4;
/// Most pairs whose titles are compared letter by letter.
const MOST_PAIRS: usize = 20_000;

/// Returns for each of `found` the remembered item that it is, if any. No remembered item is
/// given twice.
pub fn recognise(found: &[Appearance], remembered: &[Appearance]) -> Vec<Option<usize>> {
    let left: Vec<Face> = found.iter().map(Face::of).collect();
    let right: Vec<Face> = remembered.iter().map(Face::of).collect();
    let mut result = vec![None; found.len()];
    let mut taken = vec![false; remembered.len()];
    // The surest first, for all: a likely match must not take what is certain of another.
    let mut pairs = 0;
    for is_same in [Face::has_title_of, Face::has_address_of, Face::is_like] {
        for (at, face) in left.iter().enumerate() {
            if result[at].is_some() {
                continue;
            }
            pairs += right.len();
            if pairs > MOST_PAIRS * 3 {
                return result;
            }
            let other = (0..right.len()).find(|other| {
                !taken[*other] && face.may_be(&right[*other]) && is_same(face, &right[*other])
            });
            if let Some(other) = other {
                result[at] = Some(other);
                taken[other] = true;
            }
        }
    }
    result
}

/// What is compared.
struct Face {
    title: String,
    /// Words of the last part of the address, without numbers and ending.
    address: String,
    day: Option<i64>,
    marks: Marks,
}

impl Face {
    fn of(item: &Appearance) -> Self {
        let folded = fold(&item.title);
        let title = words(&folded).map(|(_, word)| word).collect::<Vec<_>>().join(" ");
        let address = item.url.as_deref().map(last_part).unwrap_or_default();
        Self { title, address, day: item.day, marks: marks(&item.title) }
    }

    /// Returns whether neither dates nor numbers in the titles say that they are two.
    fn may_be(&self, other: &Self) -> bool {
        let days = self.day.zip(other.day);
        days.is_none_or(|(one, two)| (one - two).abs() <= 1)
            && !told_apart(&self.marks, &other.marks)
    }

    fn has_title_of(&self, other: &Self) -> bool {
        !self.title.is_empty() && self.title == other.title
    }

    fn has_address_of(&self, other: &Self) -> bool {
        self.address.len() >= TELLING_ADDRESS && self.address == other.address
    }

    fn is_like(&self, other: &Self) -> bool {
        let least = if self.day.is_some() && self.day == other.day { ALIKE } else { ALIKE_UNDATED };
        title_likeness(&self.title, &other.title) >= least || self.holds_title_of(other)
    }

    /// Returns whether one title is the other with words before or behind it.
    fn holds_title_of(&self, other: &Self) -> bool {
        let (short, long) = if self.title.len() < other.title.len() {
            (&self.title, &other.title)
        } else {
            (&other.title, &self.title)
        };
        let rest = long.strip_prefix(short.as_str()).map(|rest| rest.starts_with(' '));
        let rest = rest.or_else(|| Some(long.strip_suffix(short.as_str())?.ends_with(' ')));
        short.split(' ').count() >= TELLING_WORDS && rest == Some(true)
    }
}

fn last_part(url: &str) -> String {
    let path = url.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
    let part = path.rsplit('/').next().unwrap_or_default();
    let stem = part.rsplit_once('.').map_or(part, |(stem, _)| stem);
    let folded = fold(stem);
    let named = words(&folded)
        .map(|(_, word)| word)
        .filter(|word| !word.bytes().all(|b| b.is_ascii_digit()));
    named.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(title: &str, url: &str, day: Option<i64>) -> Appearance {
        let url = Some(url.to_owned()).filter(|url| !url.is_empty());
        Appearance { title: title.to_owned(), url, day }
    }

    #[test]
    fn an_item_is_known_again_by_title_by_address_or_by_an_edited_title_of_its_day() {
        let remembered = [
            item("Brücke wird gesperrt", "https://a.example/alt.php?id=7", Some(20_000)),
            item(
                "Haushalt ist beschlossen",
                "https://a.example/news/der-neue-haushalt-2027.html",
                Some(19_990),
            ),
            item(
                "Neues Portal der Stadt ist online",
                "https://a.example/alt.php?id=9",
                Some(19_980),
            ),
        ];
        let found = [
            item("Das neue Portal der Stadt ist jetzt online", "/neu/x", Some(19_980)),
            item("BRÜCKE WIRD GESPERRT", "/neu/bruecke", Some(20_000)),
            item(
                "Rat beschließt Etat",
                "https://a.example/aktuelles/12-der-neue-haushalt-2027",
                None,
            ),
            item("Kita feiert Richtfest", "/neu/kita", Some(20_001)),
        ];
        assert_eq!(recognise(&found, &remembered), [Some(2), Some(0), Some(1), None]);
    }

    #[test]
    fn a_title_with_words_added_is_known_again_without_a_date() {
        let remembered = [item("Sperrung der Brückenstraße dauert länger", "", None)];
        let longer = "Sperrung der Brückenstraße dauert länger – mit Hinweisen für Anlieger";
        assert_eq!(recognise(&[item(longer, "", None)], &remembered), [Some(0)]);
        let before = "Update: Sperrung der Brückenstraße dauert länger";
        assert_eq!(recognise(&[item(before, "", None)], &remembered), [Some(0)]);
        let short = [item("Rathaus geschlossen", "", None)];
        let other = item("Rathaus geschlossen bleibt nur die Bücherei der Kernstadt", "", None);
        assert_eq!(recognise(&[other], &short), [None]);
    }

    #[test]
    fn the_next_of_a_series_is_not_the_one_before() {
        let remembered = [
            item("Newsletter Januar 2026", "", None),
            item("Neues aus der Studie", "", Some(20_000)),
        ];
        let found = [
            item("Newsletter Februar 2026", "", None),
            item("Neues aus der Studie", "", Some(20_030)),
        ];
        assert_eq!(recognise(&found, &remembered), [None, None]);
    }
}
