//! Which blocks of a newsletter may be the titles of its stories.

use std::collections::HashMap;

use super::blocks::{Block, Link, Mark};
use super::plain::is_title_line;
use super::sayings::{is_address, is_button, is_foot, is_furniture};
use crate::source::page::is_title;
use crate::text::{MONTHS, WEEKDAYS, fold, leads_on, letter, words};

/// Longest title, and longest line that is one only because all of it is a link.
const LONGEST_TITLE: usize = 200;
const LONGEST_LINKED: usize = 130;
/// The weight of text where no size is said: 15 pixels.
const UNSAID: u16 = 30;
/// By how much a weight is clearly larger.
const LARGER: u16 = 4;

/// How a title looks. The titles of a newsletter are of few looks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(super) struct Look {
    pub(super) weight: u16,
    pub(super) is_heading: bool,
    pub(super) mark: Mark,
    pub(super) by: By,
}

/// By what a block may be a title.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(super) enum By {
    #[default]
    StandingOut,
    /// All of it is one link.
    Link,
    /// It is in capitals, or what a picture shows.
    Little,
}

/// What a block is to the stories.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Title(Look),
    /// It heads a section, or what is no story.
    Section,
    Text,
}

/// Returns the blocks with titles in blocks of their own, and what each can be.
pub(super) fn titled(blocks: &[Block]) -> (Vec<Block>, Vec<Role>) {
    let mut blocks: Vec<Block> = blocks.iter().flat_map(lines).map(|block| entry(&block)).collect();
    part_cards(&mut blocks);
    part_rows(&mut blocks);
    let usual = match usual_weight(&blocks) {
        unsaid @ 0..=1 => UNSAID + unsaid,
        said => said,
    };
    // Text of which no size is said is as large as most.
    for block in blocks.iter_mut().filter(|block| block.weight <= 1) {
        block.weight += usual & !1;
    }
    let blocks: Vec<Block> = blocks.into_iter().flat_map(headed).collect();
    let roles = blocks.iter().map(|block| role(block, usual)).collect();
    (blocks, roles)
}

/// Returns what a block can be by itself.
fn role(block: &Block, usual: u16) -> Role {
    let length = block.text.chars().count();
    let words = block.text.split_whitespace().count();
    let is_sentence =
        block.text.ends_with(['.', ':', ';']) && words > 8 || block.text.ends_with(':');
    let stands_out = block.is_heading || is_heavier(block.weight, usual) && !is_sentence;
    if length > LONGEST_TITLE
        || !is_title(&block.text)
        || is_address(&block.text)
        || is_file(&block.text)
        || letter::heads_no_story(&block.text)
        || is_foot(block)
        || is_button(block)
    {
        return if stands_out && length <= LONGEST_TITLE { Role::Section } else { Role::Text };
    }
    // A day heads what happens on it; with a place it stands below a title.
    if is_particular(&block.text) {
        return if block.is_heading { Role::Section } else { Role::Text };
    }
    if says_when(without_day(&block.text)) {
        return Role::Text;
    }
    let look = |by| {
        let Block { weight, is_heading, mark, .. } = *block;
        Role::Title(Look { weight, is_heading, mark, by })
    };
    if stands_out && !leads_on(&block.text) {
        return look(By::StandingOut);
    }
    let is_link = block.is_linked
        && length <= LONGEST_LINKED
        && !is_sentence
        && words > 1
        && is_one(&block.links)
        && block.links.iter().all(|link| !is_furniture(link));
    if is_link {
        return look(By::Link);
    }
    let is_loud = length <= LONGEST_LINKED
        && words > 1
        && !block.text.chars().any(|c| c.is_lowercase() && c != 'ß');
    if matches!(block.mark, Mark::Picture | Mark::Bullet | Mark::Cell) || is_loud {
        look(By::Little)
    } else {
        Role::Text
    }
}

/// Returns whether a text is nothing but the name of a file.
fn is_file(text: &str) -> bool {
    let end = text.rsplit_once('.').filter(|_| !text.contains(' '));
    end.is_some_and(|(_, end)| {
        (2..=4).contains(&end.len()) && end.bytes().all(|b| b.is_ascii_lowercase())
    })
}

/// Returns whether links lead to one place.
fn is_one(links: &[Link]) -> bool {
    links.windows(2).all(|two| two[0].url == two[1].url)
}

/// Returns whether a weight is that of bold words among others, or of clearly larger ones.
const fn is_heavier(weight: u16, usual: u16) -> bool {
    weight >= usual + LARGER || weight > usual && weight % 2 > usual % 2
}

/// Parts the lines of a block if each is an entry of a list: a title that is a link.
fn lines(block: &Block) -> Vec<Block> {
    let is_entry = |line: &str| {
        let mut inside = block.links.iter().filter(|link| line.contains(link.words.as_str()));
        inside.next().is_some_and(|link| is_title(&link.words)) && inside.next().is_none()
    };
    if block.links.len() < 2 || !block.text.contains('\n') || !block.text.lines().all(is_entry) {
        return vec![block.clone()];
    }
    let part = |line: &str| {
        let inside = block.links.iter().filter(|link| line.contains(link.words.as_str()));
        let links: Vec<Link> = inside.cloned().collect();
        let is_linked = links.iter().any(|link| link.words == line);
        Block { text: line.to_owned(), links, is_linked, ..block.clone() }
    };
    block.text.lines().map(part).collect()
}

/// Returns a title without the day beside it: `24.11.2026 | Titel`, `Titel (24.11.2026)`.
pub(super) fn without_day(title: &str) -> &str {
    let is_day = |text: &str| words(text).count() > 1 && is_particular(text);
    let begins = |mark: &str| {
        title
            .split_once(mark)
            .filter(|(day, rest)| is_day(day) && is_title(rest))
            .map(|(_, rest)| rest)
    };
    let title = [" | ", ": ", " – ", " - "].into_iter().find_map(begins).unwrap_or(title).trim();
    let end = title.strip_suffix(')').and_then(|title| title.rsplit_once(" ("));
    end.filter(|(rest, day)| is_day(day) && is_title(rest)).map_or(title, |(rest, _)| rest)
}

/// Returns a line of a list as its link alone: beside it stand a date, the kind of a file, and
/// what stands in brackets.
fn entry(block: &Block) -> Block {
    let [link] = block.links.as_slice() else { return block.clone() };
    let Some((before, after)) = block.text.split_once(&link.words) else { return block.clone() };
    // `Der Titel: https://…`
    let head = before.trim_end().trim_end_matches([':', '-', '–', '>']).trim_end();
    let has_label = head.len() < before.trim_end().len() && !letter::begins_leading(head);
    if has_label && is_address(&link.words) && after.trim().is_empty() && is_title(head) {
        return Block { text: head.to_owned(), is_linked: true, ..block.clone() };
    }
    let after = after.trim();
    // `(Halle)`, `, 3. Dezember, Saal 2`.
    let is_beside = after.len() <= 80
        && (after.starts_with('(') && after.ends_with(')')
            || after.starts_with([',', '|', '·', '–']) && words(after).count() <= 6);
    let says_more = !is_particular(before) || !is_beside && !is_particular(after);
    if says_more || link.url.is_none() || !is_title(&link.words) {
        return block.clone();
    }
    Block { text: link.words.clone(), is_linked: true, ..block.clone() }
}

/// Returns whether words tell no more than when and how much.
fn is_particular(text: &str) -> bool {
    words(text).all(|(_, word)| {
        let word = fold(word);
        word.contains(|c: char| c.is_ascii_digit())
            || PARTICULARS.contains(&&*word)
            || MONTHS.iter().chain(&WEEKDAYS).any(|name| fold(name) == word)
    })
}

/// Returns whether a line says when and where: `20. Januar, 10 Uhr, Stadthalle`, `Halle, 20. Januar`.
fn says_when(line: &str) -> bool {
    let is_day = |text: &str| words(text).count() > 1 && is_particular(text);
    line.split_once(", ").is_some_and(|(before, after)| {
        is_day(before) || words(before).count() <= 2 && is_day(after)
    })
}

/// Words beside the link of a list that tell no more than when and how much, folded; names of months and days too.
const PARTICULARS: &[&str] = &[
    "pdf",
    "docx",
    "xlsx",
    "kb",
    "mb",
    "kib",
    "mib",
    "am",
    "vom",
    "den",
    "uhr",
    "stand",
    "neu",
    "mo",
    "di",
    "mi",
    "do",
    "fr",
    "sa",
    "so",
    "seite",
    "seiten",
    "min",
    "minuten",
    "lesezeit",
    "montag",
    "dienstag",
    "mittwoch",
    "donnerstag",
    "freitag",
    "samstag",
    "sonnabend",
    "sonntag",
];

/// Of blocks that one link holds, the first of the heaviest is the title and the others tell.
fn part_cards(blocks: &mut [Block]) {
    for card in blocks.chunk_by_mut(|one, two| one.card != 0 && one.card == two.card) {
        if card.len() < 2 {
            continue;
        }
        let can_be = |block: &Block| is_title(&block.text) && !is_particular(&block.text);
        let most = card.iter().filter(|block| can_be(block)).map(|block| block.weight).max();
        let title = card.iter().position(|block| can_be(block) && Some(block.weight) == most);
        for (at, block) in card.iter_mut().enumerate() {
            block.is_linked = Some(at) == title;
        }
    }
}

/// Of a row of data whose link says only that it leads on, the first telling cell is the title.
fn part_rows(blocks: &mut [Block]) {
    for row in blocks.chunk_by_mut(|one, two| one.row != 0 && one.row == two.row) {
        let links = || row.iter().flat_map(|block| &block.links);
        let leads = links().next().is_some()
            && links().all(|link| link.words.split_whitespace().count() <= 2);
        let can_be = |block: &Block| {
            block.links.is_empty() && is_title(&block.text) && !is_particular(&block.text)
        };
        if leads
            && row[0].row != 0
            && let Some(title) = row.iter_mut().find(|block| can_be(block))
        {
            title.mark = Mark::Cell;
        }
    }
}

/// Parts a first line that heads the lines below it: `Titel<br>Ein Satz.<br>https://…`, or that
/// says it is the title: `Betreff: Satzung`.
fn headed(block: Block) -> Vec<Block> {
    let Some((head, below)) = block.text.split_once('\n') else { return vec![block] };
    let lines: Vec<&str> = below.lines().collect();
    let labelled = labelled(head).filter(|_| lines.iter().all(|line| line.contains(':')));
    if labelled.is_none() && (block.is_heading || !is_title_line(head, &lines)) {
        return vec![block];
    }
    let head = labelled.unwrap_or(head);
    let (own, links) =
        block.links.iter().cloned().partition(|link| head.contains(link.words.as_str()));
    let (weight, mark) = (block.weight + LARGER, Mark::First);
    let title = Block { text: head.to_owned(), links: own, weight, mark, ..block };
    let text = Block { text: below.to_owned(), links, weight: block.weight, ..Block::default() };
    vec![Block { is_linked: false, ..title }, text]
}

/// The title of a record that names its fields.
fn labelled(line: &str) -> Option<&str> {
    let (label, title) = line.split_once(':')?;
    let label = fold(label.trim());
    ["titel", "betreff", "thema", "bezeichnung", "ueberschrift", "title", "subject"]
        .contains(&label.as_str())
        .then_some(title.trim())
}

/// The weight of most of the running text.
fn usual_weight(blocks: &[Block]) -> u16 {
    let mut counted: HashMap<u16, usize> = HashMap::new();
    for block in blocks
        .iter()
        .filter(|block| !block.is_heading && !block.is_linked && block.mark != Mark::Picture)
    {
        let length = block.text.chars().count();
        // Lines do not tell; paragraphs do.
        *counted.entry(block.weight).or_default() += if length > 60 { length } else { length / 4 };
    }
    let most =
        counted.into_iter().max_by_key(|(weight, count)| (*count, std::cmp::Reverse(*weight)));
    most.map_or(0, |(weight, _)| weight)
}
