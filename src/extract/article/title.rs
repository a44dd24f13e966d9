//! The title of an article: the heading that the page's own claims confirm.

use super::filter::{first_prose, is_note};
use super::head::Head;
use super::page::{Kind, Page};
use super::region::Region;
use crate::text::furniture::{heads_a_box, heads_files, names_a_section};
use crate::text::{clean_line, fold};

/// A title and the block it stands in.
#[derive(Debug)]
pub(super) struct Title {
    pub(super) words: String,
    pub(super) block: Option<usize>,
}

const LONGEST: usize = 300;
/// Most words of a heading that may stand before its title: a kicker.
const MOST_LEADING: usize = 6;
/// Most headings that are weighed; articles have theirs near the beginning.
const MOST_HEADINGS: usize = 300;

/// Finds the title. `hint` is what a list called the item, possibly shortened.
pub(super) fn find(page: &Page, head: &Head, region: &Region, hint: Option<&str>) -> Option<Title> {
    let claims: Vec<String> = head.titles.iter().map(|title| fold(title)).collect();
    let parts: Vec<String> = head.parts().into_iter().map(fold).collect();
    let hint = hint
        .map(|hint| fold(hint.trim().trim_end_matches(['…', '.', ' '])))
        .filter(|hint| hint.len() >= 4);
    let first = first_prose(page, region);
    let mut best: Option<(i32, usize)> = None;
    let headings = page.blocks.iter().enumerate().filter_map(|(index, block)| match block.kind {
        Kind::Heading(level) => Some((index, block, level)),
        _ => None,
    });
    for (index, block, level) in headings.take(MOST_HEADINGS) {
        let words = fold(&block.text);
        let length = words.chars().count();
        if !(3..=LONGEST).contains(&length) {
            continue;
        }
        let mut score = match level {
            1 => 30,
            2 => 18,
            3 => 10,
            _ => 2,
        };
        if claims.contains(&words) {
            score += 40;
        } else if parts.contains(&words) && !head.is_site(&block.text) {
            score += 30;
        } else if length >= 10 && claims.iter().chain(&parts).any(|claim| resembles(claim, &words))
        {
            score += 20;
        }
        if let Some(hint) = &hint {
            score += if words.starts_with(hint.as_str()) { 60 } else { 0 };
        }
        if names_a_section(&block.text) || heads_a_box(&block.text) || heads_files(&block.text) {
            score -= 40;
        }
        if head.is_site(&block.text) {
            score -= 50;
        }
        if block.is_beside || region.is_out[index] {
            score -= if level == 1 { 10 } else { 30 };
        }
        score += position(page, region, index, first);
        if best.is_none_or(|(known, _)| score > known) {
            best = Some((score, index));
        }
    }
    let is_hinted =
        |words: &str| hint.as_ref().is_some_and(|hint| words.starts_with(hint.as_str()));
    if !best.is_some_and(|(_, index)| is_hinted(&fold(&page.blocks[index].text)))
        && let Some(title) = hinted(page, head, &is_hinted)
    {
        return Some(title);
    }
    if let Some((_, index)) = best.filter(|(score, _)| *score > 0) {
        return Some(Title {
            words: shown(&page.blocks[index].text, head, hint.as_deref()),
            block: Some(index),
        });
    }
    let claimed = head.titles.iter().find(|title| !names_a_section(title) && !head.is_site(title));
    let claimed = claimed.cloned().or_else(|| {
        let parts = head.parts();
        let own = parts.iter().skip(1).filter(|part| !head.is_site(part) && !names_a_section(part));
        let own = own.max_by_key(|part| part.chars().count()).copied();
        own.or(Some(head.title.as_str())).filter(|title| !title.is_empty()).map(str::to_owned)
    })?;
    let folded = fold(&claimed);
    let block =
        page.blocks.iter().position(|block| !block.is_beside && fold(&block.text) == folded);
    Some(Title { words: clean_line(&claimed, LONGEST), block })
}

/// Returns the title that no heading is: what the page claims, or a line of its own, if it begins
/// as the list said.
fn hinted(page: &Page, head: &Head, is_hinted: &dyn Fn(&str) -> bool) -> Option<Title> {
    let claim = head.titles.iter().find(|claim| is_hinted(&fold(claim)));
    let is_line = |text: &str| text.chars().count() <= LONGEST && !text.ends_with(['.', '!', ':']);
    let block = page.blocks.iter().position(|block| {
        let words = fold(&block.text);
        !block.is_beside
            && match claim {
                Some(claim) => fold(claim) == words,
                None => is_line(&block.text) && is_hinted(&words),
            }
    });
    let said = block.map(|block| without_notes(&page.blocks[block].text));
    let words = claim.map(String::as_str).or(said)?;
    Some(Title { words: clean_line(&words.replace('\n', " "), LONGEST), block })
}

/// Returns the line of a title without lines below it that only date or sign the text.
fn without_notes(text: &str) -> &str {
    match text.split_once('\n') {
        Some((title, rest)) if rest.lines().all(is_note) => title,
        _ => text,
    }
}

/// Headings stand right above their text.
fn position(page: &Page, region: &Region, index: usize, first: usize) -> i32 {
    let range = &region.range;
    if region.is_empty {
        return 0;
    }
    if index > first {
        // A heading inside the text.
        return if index < range.end { -15 } else { -40 };
    }
    let others = page.blocks[index + 1..first]
        .iter()
        .take(60)
        .filter(|block| matches!(block.kind, Kind::Heading(_)))
        .count();
    let near = if first - index <= 6 { 8 } else { 0 };
    near + if others == 0 { 12 } else { 4 }
}

/// Returns whether one holds the other and little else.
fn resembles(claim: &str, words: &str) -> bool {
    let (long, short) = if claim.len() > words.len() { (claim, words) } else { (words, claim) };
    short.chars().count() >= 10 && long.contains(short)
}

/// Returns the heading without what only leads to it, where a claim is its end, or the list named
/// the item by what follows.
fn shown(heading: &str, head: &Head, hint: Option<&str>) -> String {
    let line = clean_line(&heading.replace('\n', " "), LONGEST);
    let folded = fold(&line);
    if let Some(hint) = hint.filter(|hint| hint.len() >= 10 && !folded.starts_with(hint)) {
        let starts = line.match_indices(' ').take(MOST_LEADING).map(|(at, _)| &line[at + 1..]);
        if let Some(title) = starts.into_iter().find(|rest| fold(rest).starts_with(hint)) {
            return title.to_owned();
        }
    }
    let claim = head.titles.iter().find(|claim| {
        let claim = fold(claim);
        claim != folded
            && claim.chars().count() * 2 > folded.chars().count()
            && folded.ends_with(claim.as_str())
    });
    claim.map_or(line, |claim| clean_line(claim, LONGEST))
}
