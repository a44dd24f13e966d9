//! The part of a page that holds the text.

use std::ops::Range;

use super::head::Head;
use super::page::{Block, Kind, Page};
use crate::text::fold;
use crate::text::furniture::{heads_a_box, heads_files, is_consent, is_tail, lower};

/// The part that holds the text, and what each block is worth.
#[derive(Debug)]
pub(super) struct Region {
    /// The element with the text.
    pub(super) element: usize,
    /// Blocks among which the text is: those of the element, and what belongs to it round it.
    pub(super) range: Range<usize>,
    /// There is none with sentences enough.
    pub(super) is_empty: bool,
    /// Blocks that belong to teasers of other pages, or to suspect elements.
    pub(super) is_out: Vec<bool>,
}

/// Fewer characters of sentences than this are no article.
const LEAST: i64 = 60;

/// Finds the element whose sentences outweigh its links by most.
pub(super) fn find(page: &Page, head: &Head) -> Region {
    let mut is_out: Vec<bool> = page.blocks.iter().map(|block| block.is_beside).collect();
    leave_out_suspects(page, &mut is_out);
    leave_out_teasers(page, head, &mut is_out);
    let found = best(page, &is_out);
    if found.1 >= LEAST {
        return Region::new(page, found.0, false, is_out);
    }
    // Some pages hold all in one aside or header.
    let none = vec![false; page.blocks.len()];
    let (element, worth) = best(page, &none);
    if worth >= 2 * LEAST {
        return Region::new(page, element, false, none);
    }
    Region::new(page, found.0, found.1 <= 0, is_out)
}

impl Region {
    fn new(page: &Page, element: usize, is_empty: bool, is_out: Vec<bool>) -> Self {
        Self { element, range: page.elements[element].blocks.clone(), is_empty, is_out }
    }

    /// Takes in what stands between the title and the text, and sentences that
    /// go on behind it: systems put the lead and each part into elements of their own.
    pub(super) fn extend(&mut self, page: &Page, heading: Option<usize>) {
        let Some(heading) = heading.filter(|_| !self.is_empty) else { return };
        let goes_on = |block: &Block| block.is_prose() && block.linked * 5 <= block.length;
        if heading < self.range.start {
            let gap = heading + 1..self.range.start;
            let first =
                gap.clone().find(|index| !self.is_out[*index] && goes_on(&page.blocks[*index]));
            let links = page.blocks[gap.clone()].iter().filter(|block| block.is_linked()).count();
            if let Some(first) = first
                && links <= 12
            {
                self.range.start = first;
            }
        }
        if heading >= self.range.end {
            return;
        }
        let common = page.common(page.blocks[heading].element, self.element);
        let end = page.elements[common].blocks.end;
        // Lists and tables belong to the paragraph before them, but hardly to one in another column.
        let parent = page.elements[self.element].parent;
        let close = page.elements[page.elements[parent].parent].blocks.end;
        let mut at = self.range.end;
        while at < end {
            let block = &page.blocks[at];
            let is_end = self.is_out[at]
                || block.is_linked()
                || heads_a_box(&block.text)
                || heads_files(&block.text)
                || is_tail(&lower(&block.text, 40));
            if is_end {
                break;
            }
            at += 1;
            let is_row = matches!(block.kind, Kind::Row | Kind::Item) && block.linked == 0;
            if goes_on(block) || is_row && at <= close {
                self.range.end = at;
            }
        }
    }
}

/// Returns the element with the most worth, the innermost of equals.
fn best(page: &Page, is_out: &[bool]) -> (usize, i64) {
    let mut sums = Vec::with_capacity(page.blocks.len() + 1);
    let mut sum = 0;
    sums.push(0);
    for (block, is_out) in page.blocks.iter().zip(is_out) {
        sum += worth(block, *is_out);
        sums.push(sum);
    }
    let mut best = (0, i64::MIN);
    for (index, element) in page.elements.iter().enumerate() {
        let worth = sums[element.blocks.end] - sums[element.blocks.start];
        if worth > best.1 || worth == best.1 && page.is_inside(index, best.0) {
            best = (index, worth);
        }
    }
    best
}

/// Returns how much text a region holds: sentences count for, links against.
fn worth(block: &Block, is_out: bool) -> i64 {
    let unlinked = i64::try_from(block.length.saturating_sub(block.linked)).unwrap_or(0);
    let linked = i64::try_from(block.linked).unwrap_or(0);
    if block.is_beside {
        return 0;
    }
    if is_out {
        return -unlinked / 2 - linked - 10;
    }
    if block.is_prose() {
        return if is_consent(&block.text) { -unlinked / 2 } else { unlinked };
    }
    if block.is_linked() && !matches!(block.kind, Kind::Heading(1)) {
        return -linked - 10;
    }
    0
}

/// Leaves out elements whose names speak of furniture and which hold little of the text.
fn leave_out_suspects(page: &Page, is_out: &mut [bool]) {
    let mut sums = vec![0];
    for block in &page.blocks {
        let length = if block.is_prose() { block.length } else { 0 };
        sums.push(sums[sums.len() - 1] + length);
    }
    let all = sums[sums.len() - 1];
    let mut skip_to = 0;
    for element in page.elements.iter().filter(|element| element.is_suspect || element.is_comments)
    {
        let Range { start, end } = element.blocks;
        let share = sums[end] - sums[start];
        // Comments may outweigh a text, but not be all there is.
        let is_beside = share * 4 <= all || element.is_comments && all - share >= 300;
        if start >= skip_to && is_beside {
            is_out[start..end].fill(true);
            skip_to = end;
        }
    }
}

/// Leaves out teasers: a heading that leads elsewhere, and what stands with it.
fn leave_out_teasers(page: &Page, head: &Head, is_out: &mut [bool]) {
    for (index, block) in page.blocks.iter().enumerate() {
        let Kind::Heading(level) = block.kind else { continue };
        if level == 1 || block.linked * 10 < block.length * 8 || is_title(&block.text, head) {
            continue;
        }
        // The card round the heading: an element or two up, while it holds no other heading.
        let mut card = page.elements[block.element].parent;
        let mut at = card;
        for _ in 0..4 {
            let range = &page.elements[at].blocks;
            let is_heading = |other: &&Block| matches!(other.kind, Kind::Heading(_));
            if range.len() > 12 || page.blocks[range.clone()].iter().filter(is_heading).count() > 1
            {
                break;
            }
            card = at;
            at = page.elements[at].parent;
        }
        let end = page.elements[card].blocks.end.min(index + 7);
        let below = &page.blocks[index + 1..end.max(index + 1)];
        let card_length =
            below.iter().take_while(|block| !matches!(block.kind, Kind::Heading(_))).count();
        is_out[index..=index + card_length].fill(true);
    }
}

fn is_title(words: &str, head: &Head) -> bool {
    let words = fold(words);
    head.titles.iter().any(|title| fold(title) == words)
        || words.len() > 12 && fold(&head.title).contains(words.as_str())
}
