//! What a block that is proposed says beside its address: a name, a rank, how often to ask, and
//! what of the first poll may be mailed. Each with its reason, for the one who pastes it.

use std::time::Duration;

use crate::model::{RawItem, Timestamp};
use crate::text::{clean_line, fold, rubric, words};

/// Longest name.
const LONGEST: usize = 80;
/// Age of items that readers of the first digest may still want.
const FRESH: Duration = Duration::from_hours(7 * 24);
/// Most items of the first poll that are proposed to be mailed.
const MOST_FIRST: usize = 5;

/// A value and why it is proposed.
pub(super) type Reasoned<T> = (T, String);

/// What is proposed for a source.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Proposal {
    pub(super) name: Option<String>,
    pub(super) rank: Option<Reasoned<i64>>,
    pub(super) interval: Option<Reasoned<&'static str>>,
    pub(super) initial: Option<Reasoned<String>>,
}

impl Proposal {
    /// Proposes by what the document calls itself, its address and its items.
    pub(super) fn of(title: Option<&str>, url: &str, items: &[RawItem], now: Timestamp) -> Self {
        let name = title.and_then(name);
        let mut days: Vec<Timestamp> = items
            .iter()
            .filter_map(|item| item.published.map(|date| date.at))
            .filter(|at| *at <= now)
            .collect();
        days.sort_unstable_by(|a, b| b.cmp(a));
        Self {
            rank: rank(name.as_deref().unwrap_or_default(), url),
            interval: interval(&days),
            initial: initial(&days, now),
            name,
        }
    }
}

/// Returns whom a title names: `Aktuelles | Stadt Musterau` is of `Stadt Musterau`.
fn name(title: &str) -> Option<String> {
    let title = clean_line(title, 400);
    let parts = || {
        title
            .split(['|', '–', '—', '·', '»', '«', '›', '•'])
            .flat_map(|part| part.split(" - "))
            .flat_map(|part| part.split(": "))
            .map(|part| part.trim_matches([':', '-', ' ']))
            .filter(|part| part.chars().filter(|c| c.is_alphabetic()).count() > 1)
    };
    let is_plain = |part: &&str| {
        let folded = fold(part);
        let page = ["startseite", "home", "homepage", "willkommen", "herzlich", "feed", "rss"];
        rubric(part).is_none()
            && words(&folded).next().is_some_and(|(_, first)| !page.contains(&first))
    };
    // Who publishes stands last, or first before a slogan; whoever is called an office is it.
    let named: Vec<&str> = parts().filter(is_plain).collect();
    let office = named.iter().find(|part| office(part).is_some());
    let name = office.or(named.last()).copied().or_else(|| parts().max_by_key(|part| part.len()));
    name.map(|name| clean_line(name, LONGEST))
}

/// Beginnings of words that name an authority, an association, the press; folded.
const OFFICES: &[(&str, i64)] = &[
    ("stadtwerk", 2),
    ("staedtebund", 2),
    ("staedtetag", 2),
    ("gemeindebund", 2),
    ("gemeindetag", 2),
    ("landkreistag", 2),
    ("stadt", 1),
    ("hansestadt", 1),
    ("gemeinde", 1),
    ("samtgemeinde", 1),
    ("verbandsgemeinde", 1),
    ("marktgemeinde", 1),
    ("landkreis", 1),
    ("kreis", 1),
    ("amt", 1),
    ("landesamt", 1),
    ("bundesamt", 1),
    ("landesportal", 1),
    ("ministerium", 1),
    ("staatskanzlei", 1),
    ("senat", 1),
    ("regierung", 1),
    ("bundesministerium", 1),
    ("landtag", 1),
    ("behoerde", 1),
    ("zweckverband", 2),
    ("verband", 2),
    ("verein", 2),
    ("genossenschaft", 2),
    ("hochschule", 2),
    ("universitaet", 2),
    ("stiftung", 2),
    ("kammer", 2),
    ("zeitung", 3),
    ("anzeiger", 3),
    ("rundfunk", 3),
    ("magazin", 3),
    ("redaktion", 3),
    ("verlag", 3),
];

/// Returns the word that says what kind of publisher a name is of, and its rank.
fn office(name: &str) -> Option<(String, i64)> {
    let folded = fold(name);
    words(&folded).find_map(|(_, word)| {
        let rank = |(beginning, rank): &(&str, i64)| word.starts_with(beginning).then_some(*rank);
        OFFICES.iter().find_map(rank).map(|rank| (word.to_owned(), rank))
    })
}

fn rank(name: &str, url: &str) -> Option<Reasoned<i64>> {
    let host = url::Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned));
    let host = host.unwrap_or_default();
    let by_host = host.ends_with(".bund.de").then(|| (".bund.de".to_owned(), 1));
    let (word, rank) = by_host.or_else(|| office(name)).or_else(|| office(&host))?;
    let what = ["an authority", "an association", "the press"];
    let what = usize::try_from(rank - 1).ok().and_then(|at| what.get(at))?;
    Some((rank, format!("{what}, by `{word}`")))
}

/// Returns how often to ask, by how often news came.
fn interval(days: &[Timestamp]) -> Option<Reasoned<&'static str>> {
    let (newest, oldest) = (days.first()?, days.last()?);
    let span = newest.since(*oldest).as_secs() / 86_400;
    let gaps = u64::try_from(days.len() - 1).unwrap_or(u64::MAX);
    if gaps < 2 {
        return None;
    }
    let per_week = gaps * 7 / span.max(1);
    let interval = match per_week {
        35.. => "30m",
        7.. => "1h",
        2.. => "2h",
        _ => "6h",
    };
    Some((interval, format!("{} items in {span} days", days.len())))
}

fn initial(days: &[Timestamp], now: Timestamp) -> Option<Reasoned<String>> {
    days.first()?;
    let fresh = days.iter().filter(|day| now.since(**day) < FRESH).count();
    Some(match fresh {
        0 => ("none".to_owned(), "nothing of the last 7 days".to_owned()),
        1..=MOST_FIRST => {
            (fresh.to_string(), format!("{fresh} of the last 7 days may be mailed at once"))
        }
        _ => ("none".to_owned(), format!("{fresh} of the last 7 days: too many for a first mail")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Date;

    #[test]
    fn a_source_is_called_by_who_publishes_and_not_by_the_page() {
        for (title, expected) in [
            ("Aktuelles | Stadt Musterau", "Stadt Musterau"),
            ("Stadt Musterau - Pressemitteilungen", "Stadt Musterau"),
            ("Landkreis Musterland – natürlich schön", "Landkreis Musterland"),
            ("Startseite » Gemeinde Musterdorf", "Gemeinde Musterdorf"),
            ("KITU: Aktuelles", "KITU"),
            ("Nachrichten · Digitalverbund", "Digitalverbund"),
            ("RSS: Stadt Musterau", "Stadt Musterau"),
            ("Pressemitteilungen der Stadt Musterau", "Pressemitteilungen der Stadt Musterau"),
            ("Feed - Home - Musterportal", "Musterportal"),
        ] {
            assert_eq!(name(title).as_deref(), Some(expected), "{title}");
        }
        assert_eq!(name(" | "), None);
    }

    #[test]
    fn the_rank_follows_the_publisher_and_is_left_open_in_doubt() {
        let ranked = |name: &str, url: &str| rank(name, url).map(|(rank, _)| rank);
        assert_eq!(ranked("Stadt Musterau", "https://m.example/"), Some(1));
        assert_eq!(ranked("Städte- und Gemeindebund", "https://m.example/"), Some(2));
        assert_eq!(ranked("Musterauer Zeitung", "https://m.example/"), Some(3));
        assert_eq!(ranked("", "https://www.landkreis-muster.example/"), Some(1));
        assert_eq!(ranked("BSI", "https://www.bsi.bund.de/"), Some(1));
        assert_eq!(ranked("Digitallabor", "https://labor.example/"), None);
    }

    #[test]
    fn pace_and_first_mail_follow_the_dates_of_the_items() {
        const DAY: Duration = Duration::from_hours(24);
        let now = Timestamp::from_seconds(1_800_000_000);
        let listed = |ages: &[u32]| -> Vec<RawItem> {
            let item = |age: &u32| RawItem {
                published: Some(Date { at: now.before(DAY * *age), is_guess: false }),
                ..RawItem::default()
            };
            ages.iter().map(item).collect()
        };
        let said = |ages: &[u32]| {
            let Proposal { interval, initial, .. } = Proposal::of(None, "", &listed(ages), now);
            (interval.map(|found| found.0), initial.map(|found| found.0))
        };
        assert_eq!(said(&[1, 10, 20, 31]), (Some("6h"), Some("1".to_owned())));
        assert_eq!(said(&[2, 3, 4, 6, 9]), (Some("2h"), Some("4".to_owned())));
        assert_eq!(said(&[0, 0, 1, 1, 2, 2, 3]), (Some("1h"), Some("none".to_owned())));
        assert_eq!(said(&[40, 50, 60]), (Some("6h"), Some("none".to_owned())));
        assert_eq!(said(&[]), (None, None));
    }
}
