//! The list that a page carries as data for scripts and search engines.
//!
//! Stands for the list where scripts draw it; where the page shows one itself, only
//! lends it the dates that it does not show.

use std::collections::HashMap;

use super::find::{Found, List};
use super::read::Surroundings;
use crate::extract::{records, scripts};
use crate::model::{Date, RawItem, ReadBy};
use crate::source::SourceError;

/// Adds what the data of the page holds to what its structure gave away.
///
/// Fails if reading the data costs too much.
pub(super) fn add(
    found: &mut Found,
    text: &str,
    around: &Surroundings<'_>,
) -> Result<(), SourceError> {
    let mut lists = Vec::new();
    for value in scripts::data(text) {
        let more = records::find(&value, around.base, around.zone, around.budget)?;
        lists.extend(more.into_iter().map(|list| list.items));
    }
    let own = |item: &RawItem| item.link.as_deref() != Some(around.page);
    lists.retain(|items| items.iter().all(own));
    if let Some(shown) = found.lists.iter_mut().find(|list| list.is_sure) {
        lend_dates(&mut shown.items, &lists);
    } else if let Some(items) = lists.into_iter().next() {
        found.lists.insert(
            0,
            List {
                items,
                score: 0.0,
                is_sure: true,
                reasons: vec!["data for scripts on the page".to_owned()],
                pins: None,
                read_by: ReadBy::Data,
            },
        );
    }
    Ok(())
}

/// Gives items without a date the one that the data has for their address.
fn lend_dates(shown: &mut [RawItem], lists: &[Vec<RawItem>]) {
    let dates: HashMap<&str, Date> = lists
        .iter()
        .flatten()
        .filter_map(|item| Some((item.link.as_deref()?, item.published?)))
        .collect();
    for item in shown {
        let known = item.link.as_deref().and_then(|link| dates.get(link));
        let has_own = item.published.is_some_and(|date| !date.is_guess);
        if let Some(date) = known.filter(|_| !has_own) {
            item.published = Some(*date);
        }
    }
}

#[cfg(test)]
mod tests {
    use scraper::Html;

    use super::*;
    use crate::model::Budget;
    use crate::source::page::find;

    const DATA: &str = r#"<script type="application/ld+json">{"@type":"ItemList","itemListElement":[
        {"@type":"ListItem","item":{"@type":"NewsArticle","headline":"Neues Portal ist online","url":"/n/1","datePublished":"2026-11-02"}},
        {"@type":"ListItem","item":{"@type":"NewsArticle","headline":"Brücke wird gesperrt","url":"/n/2","datePublished":"2026-11-01"}}]}</script>"#;

    fn read(page: &str) -> Vec<RawItem> {
        let own = url::Url::parse("https://stadt.example/aktuelles").ok();
        let budget = Budget::for_document(page.len());
        let around = Surroundings {
            budget: &budget,
            base: own.as_ref(),
            page: "https://stadt.example/aktuelles",
            zone: chrono_tz::UTC,
        };
        let tree = Html::parse_document(page);
        let mut found = find::find(&tree, &around, None, false).unwrap();
        add(&mut found, page, &around).unwrap();
        found.lists.into_iter().find(|list| list.is_sure).map_or(Vec::new(), |list| list.items)
    }

    #[test]
    fn data_stands_for_a_list_that_scripts_draw() {
        let items = read(&format!("<h1>Aktuelles</h1><div id=app></div>{DATA}"));
        let links: Vec<_> = items.iter().filter_map(|item| item.link.as_deref()).collect();
        assert_eq!(links, ["https://stadt.example/n/1", "https://stadt.example/n/2"]);
        assert!(items.iter().all(|item| item.published.is_some()));
    }

    #[test]
    fn a_list_that_the_page_shows_only_gets_its_dates_from_the_data() {
        let teaser = "Ein Satz darüber, was geschehen ist und was nun folgt.";
        let entry =
            |n: u8, title: &str| format!("<li><h3><a href=/n/{n}>{title}</a></h3><p>{teaser}</p>");
        let shown = [
            (1, "Portal der Stadt ist online"),
            (2, "Brücke ist zu"),
            (3, "Rat tagt heute früher"),
        ];
        let list: String = shown.map(|(n, title)| entry(n, title)).concat();
        let items = read(&format!("<h1>Aktuelles</h1><ul>{list}</ul>{DATA}"));
        assert_eq!(items.len(), 3);
        assert_eq!(items[0].title.as_deref(), Some("Portal der Stadt ist online"));
        let dated: Vec<bool> = items.iter().map(|item| item.published.is_some()).collect();
        assert_eq!(dated, [true, true, false]);
    }
}
