//! The date of an article, its author line and the number of a press release.

use std::sync::LazyLock;

use chrono_tz::Tz;
use regex::Regex;
use url::Url;

use super::filter::Kept;
use super::head::Head;
use super::page::{Kind, Page};
use super::region::Region;
use crate::model::Date;
use crate::text::clean_line;
use crate::text::date::{self, pattern};

/// What the lines round the title tell.
#[derive(Debug, Default)]
pub(super) struct Dated {
    pub(super) published: Option<Date>,
    pub(super) authors: Vec<String>,
    pub(super) number: Option<String>,
}

/// A date as offices write it, within other words.
static WITHIN: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(&format!(r"(?i)\b(?:{})", pattern::whole_day())).ok());

/// `Nr. 158/2025`, `158/2025` beside a word for a press release.
static NUMBER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:pressemitteilung|pressemeldung|presseinformation|medieninformation|pm)\b[^\d\n]{0,20}(\d{1,4}\s?/\s?(?:19|20)?\d{2})\b|\bnr\.?\s*:?\s*(\d{1,4}\s?/\s?(?:19|20)\d{2})\b").ok()
});

/// Finds date, author and number.
pub(super) fn find(
    page: &Page,
    head: &Head,
    region: &Region,
    kept: &Kept,
    heading: Option<usize>,
    url: &str,
    zone: Tz,
) -> Dated {
    let mut dated = Dated::default();
    let near = near(page, region, kept, heading);
    let mut best: Option<(u8, Date)> = None;
    let mut offer = |score: u8, found: Option<Date>| {
        if let Some(found) = found
            && best.is_none_or(|(known, _)| score > known)
        {
            best = Some((score, found));
        }
    };
    for claim in &head.published {
        offer(100, date::parse(claim, zone));
    }
    let text_begins = kept.blocks.first().copied();
    for moment in &page.moments {
        // A time is noted before the block that its words end.
        let is_near = near.contains(&moment.block);
        if region.is_out.get(moment.block).copied().unwrap_or(false) {
            continue;
        }
        let score = match (moment.is_change, moment.is_publication, is_near) {
            (true, ..) => 12,
            (_, true, true) => 96,
            (_, true, false) => 55,
            (_, false, true) => 90,
            (_, false, false) => continue,
        };
        offer(score, date::parse(&moment.value, zone));
    }
    for index in &near {
        let block = &page.blocks[*index];
        for line in block.text.lines() {
            for (score, found) in in_line(line, zone) {
                let is_behind = text_begins.is_some_and(|begin| *index > begin);
                offer(if is_behind { score - 10 } else { score }, Some(found));
            }
            if dated.number.is_none() {
                dated.number = number(line);
            }
            if dated.authors.is_empty() {
                dated.authors.extend(author(line));
            }
        }
    }
    offer(60, dateline(page, kept, zone));
    let path = Url::parse(url).ok().and_then(|url| date::from_path(url.path(), zone));
    offer(65, path);
    for claim in &head.dated {
        offer(58, date::parse(claim, zone));
    }
    for claim in &head.modified {
        offer(10, date::parse(claim, zone));
    }
    dated.published = best.map(|(_, date)| date);
    if dated.number.is_none() {
        let title = heading.and_then(|index| number(&page.blocks[index].text));
        dated.number = title;
    }
    dated
}

/// Returns blocks that may date the text: round the title, above the text, below it.
fn near(page: &Page, region: &Region, kept: &Kept, heading: Option<usize>) -> Vec<usize> {
    let mut near: Vec<usize> = Vec::new();
    let begin = kept.blocks.first().copied().or(heading).unwrap_or(0);
    let title = heading.unwrap_or(begin).min(begin);
    let is_line = |index: usize| {
        let block = &page.blocks[index];
        block.length <= 200 && !matches!(block.kind, Kind::Row) && !block.is_prose()
    };
    // Above the title: a kicker with the date.
    near.extend(
        (title.saturating_sub(3)..title)
            .filter(|index| is_line(*index) && shares_parent(page, *index, title)),
    );
    near.extend((title..begin).filter(|index| is_line(*index) || *index == title));
    near.extend(kept.notes.iter().copied());
    if let Some(last) = kept.blocks.last() {
        let end = (last + 4).min(page.blocks.len());
        let is_next = |index: &usize| {
            !region.is_out[*index] && !matches!(page.blocks[*index].kind, Kind::Heading(_))
        };
        near.extend((last + 1..end).take_while(is_next).filter(|index| {
            is_line(*index)
                && !page.blocks[*index].is_beside
                && page
                    .is_inside(page.blocks[*index].element, up(page, page.blocks[*last].element, 3))
        }));
    }
    near.sort_unstable();
    near.dedup();
    near
}

fn up(page: &Page, mut element: usize, levels: usize) -> usize {
    for _ in 0..levels {
        element = page.elements[element].parent;
    }
    element
}

/// Returns whether two blocks stand close in the tree, not in two columns.
fn shares_parent(page: &Page, a: usize, b: usize) -> bool {
    !page.blocks[a].is_beside
        && page.is_inside(page.blocks[a].element, up(page, page.blocks[b].element, 4))
}

/// Returns the dates of a line, each with how much it says that it is the publication's.
fn in_line(line: &str, zone: Tz) -> Vec<(u8, Date)> {
    let Some(within) = WITHIN.as_ref() else { return Vec::new() };
    let mut found = Vec::new();
    for part in within.find_iter(line).take(5) {
        let Some(date) = date::parse(part.as_str(), zone) else { continue };
        let before = line[..part.start()].to_lowercase();
        let tail: String =
            before.chars().rev().take(40).collect::<Vec<_>>().into_iter().rev().collect();
        let has = |words: &[&str]| words.iter().any(|word| tail.contains(word));
        let score = if has(&[
            "geändert",
            "aktualisiert",
            "änderung",
            "verändert",
            "update",
            "modified",
            "bearbeitet",
        ]) {
            14
        } else if has(&["gültig", "bis", "termin", "beginn", "frist"]) {
            16
        } else if has(&[
            "veröffentlicht",
            "erstellt",
            "datum",
            "vom",
            "erschienen",
            "published",
            "posted",
            "eingestellt",
            "stand",
            "online",
        ]) {
            94
        } else {
            88
        };
        found.push((score, date));
    }
    // A weekday and a month in words, without the dots of a date.
    if found.is_empty()
        && line.chars().count() <= 60
        && let Some(date) = date::parse(line, zone)
    {
        found.push((80, date));
    }
    found
}

/// Returns the date of `Magdeburg, 12. November 2026` at the beginning or `Ort, den 12.11.2026` at
/// the end.
fn dateline(page: &Page, kept: &Kept, zone: Tz) -> Option<Date> {
    let first =
        kept.blocks.iter().find(|index| !matches!(page.blocks[**index].kind, Kind::Heading(_)))?;
    let opening: String = page.blocks[*first].text.chars().take(70).collect();
    let at_begin = WITHIN.as_ref()?.find(&opening).filter(|found| {
        let before = opening[..found.start()].trim_end();
        before.is_empty()
            || before.chars().count() < 45 && before.ends_with([',', '(', '/', '|'])
            || before.ends_with(", den")
            || before.ends_with(" vom")
    });
    if let Some(found) = at_begin {
        return date::parse(found.as_str(), zone);
    }
    let last = kept.blocks.last()?;
    let ending = &page.blocks[*last].text;
    let line = ending.lines().next_back()?;
    let found = WITHIN.as_ref()?.find(line)?;
    let before = line[..found.start()].trim_end();
    let is_signature =
        before.ends_with(", den") || before.ends_with(", am") || before.ends_with(',');
    (is_signature && line.chars().count() < 60).then(|| date::parse(found.as_str(), zone)).flatten()
}

fn number(line: &str) -> Option<String> {
    let found = NUMBER.as_ref()?.captures(line)?;
    let digits = found.get(1).or_else(|| found.get(2))?.as_str();
    Some(digits.replace(' ', ""))
}

/// Returns the name in a line such as `Von Erika Muster`.
fn author(line: &str) -> Option<String> {
    let rest = ["Autor:", "Autorin:", "Von ", "von ", "Text:", "By "]
        .iter()
        .find_map(|word| line.strip_prefix(word))?;
    let name = rest.split([',', '|', '(', '·']).next()?.trim();
    let words: Vec<&str> = name.split_whitespace().collect();
    let is_name = (2..=4).contains(&words.len())
        && words.iter().all(|word| word.chars().next().is_some_and(char::is_uppercase))
        && !name.contains(|c: char| c.is_ascii_digit());
    is_name.then(|| clean_line(name, 100))
}
