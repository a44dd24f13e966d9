//! A newsletter in plain text as blocks: titles are underlined, numbered, in capitals, or
//! lines of their own over a paragraph.

use std::collections::HashMap;

use super::address::{Readers, target};
use super::blocks::{Block, Link};
use crate::text::clean_line;

/// Weight of text, and of titles by what marks them.
const TEXT: u16 = 30;
const LINE: u16 = 34;
const MARKED: u16 = 40;
/// Longest title.
const LONGEST_TITLE: usize = 160;

/// Reads the blocks of a part in plain text.
pub(in crate::source) fn of_text(text: &str, readers: &Readers) -> Vec<Block> {
    let notes = footnotes(text);
    let lines: Vec<&str> = text.lines().map(str::trim_end).take(20_000).collect();
    let lines: Vec<&str> = lines.into_iter().filter(|line| footnote(line).is_none()).collect();
    let mut blocks: Vec<Block> = Vec::new();
    let mut paragraph: Vec<&str> = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let words = line.trim();
        if is_rule(words) {
            // What stands alone between a rule or a blank and a rule is a title.
            let is_short = paragraph.len() <= 2 && !paragraph.is_empty();
            flush(
                &mut paragraph,
                if is_short { MARKED } else { TEXT },
                readers,
                &notes,
                &mut blocks,
            );
            continue;
        }
        if words.is_empty() {
            flush(&mut paragraph, TEXT, readers, &notes, &mut blocks);
            continue;
        }
        let starts = paragraph.is_empty();
        let next = lines.get(at + 1).map_or("", |next| next.trim());
        if starts && is_marked(words) && !is_rule(next) {
            paragraph.push(words);
            flush(&mut paragraph, MARKED, readers, &notes, &mut blocks);
            continue;
        }
        paragraph.push(words);
    }
    flush(&mut paragraph, TEXT, readers, &notes, &mut blocks);
    blocks
}

fn is_rule(line: &str) -> bool {
    line.len() >= 3
        && line
            .chars()
            .all(|c| matches!(c, '-' | '=' | '*' | '_' | '~' | '#' | '+' | '–' | '—' | ' '))
}

/// `3. Titel`, `* Titel *`, `+++ Titel +++`, `## Titel`, `TITEL`.
fn is_marked(line: &str) -> bool {
    if line.chars().count() > LONGEST_TITLE || line.contains("://") {
        return false;
    }
    let number = line.chars().take_while(char::is_ascii_digit).count();
    let is_numbered = (1..=2).contains(&number)
        && line.get(number..).is_some_and(|rest| rest.starts_with(". ") || rest.starts_with(") "))
        && !line.ends_with(['.', ',', ';']);
    let is_framed = ["+++", "***", "##", ">>", "===", "* "]
        .iter()
        .any(|mark| line.starts_with(mark) && line.len() > mark.len() + 4)
        && !line.ends_with('.');
    let letters: Vec<char> = line.chars().filter(|c| c.is_alphabetic()).collect();
    let is_loud = letters.len() >= 8 && letters.iter().all(|c| c.is_uppercase() || *c == 'ß');
    is_numbered || is_framed || is_loud
}

/// Returns the words of a title without what marks it.
fn bare(title: &str) -> &str {
    title.trim_matches(|c: char| {
        matches!(c, '+' | '*' | '#' | '=' | '>' | '<' | '-' | '~' | '_' | '•') || c.is_whitespace()
    })
}

fn flush(
    lines: &mut Vec<&str>,
    weight: u16,
    readers: &Readers,
    notes: &HashMap<&str, &str>,
    blocks: &mut Vec<Block>,
) {
    let lines = std::mem::take(lines);
    let Some(first) = lines.first() else { return };
    // `Der Titel` over its paragraph, with nothing between.
    if weight == TEXT && lines.len() > 1 && is_title_line(first, &lines[1..]) {
        flush(&mut vec![*first], MARKED, readers, notes, blocks);
        flush(&mut lines[1..].to_vec(), TEXT, readers, notes, blocks);
        return;
    }
    let mut links = Vec::new();
    let mut shown: Vec<String> = Vec::new();
    for line in &lines {
        let (words, found) = apart(line, readers, notes);
        links.extend(found);
        if !words.is_empty() {
            shown.push(words);
        }
    }
    let is_line = weight == TEXT
        && lines.len() == 1
        && first.chars().count() <= LONGEST_TITLE
        && !first.ends_with(['.', ',', ';', ':', '!'])
        && !first.contains("://");
    let weight = if is_line { LINE } else { weight };
    let text = if weight > TEXT { bare(&shown.join(" ")).to_owned() } else { shown.join("\n") };
    if text.is_empty() && links.is_empty() {
        return;
    }
    if text.is_empty()
        && let Some(last) = blocks.last_mut()
    {
        last.links.extend(links);
        return;
    }
    blocks.push(Block { text, links, weight, is_heading: weight == MARKED, is_linked: false });
}

/// Returns whether a line heads the lines below it: short, no sentence, over one.
pub(in crate::source) fn is_title_line(line: &str, below: &[&str]) -> bool {
    let bare = line
        .rsplit_once(" [")
        .filter(|(_, rest)| rest.ends_with(']'))
        .map_or(line, |(front, _)| front);
    let words = bare.split_whitespace().count();
    let ends = bare.ends_with(['.', ',', ';', ':', '!']);
    let is_linked = below
        .first()
        .is_some_and(|line| line.split_whitespace().count() == 1 && line.contains("://"));
    let told = below.iter().find(|line| !line.contains("://"));
    (2..=14).contains(&words)
        && bare.chars().count() <= 100
        && !ends
        && !bare.contains("://")
        && (is_linked
            || told.is_some_and(|line| {
                line.chars().next().is_some_and(|c| c.is_uppercase() || !c.is_alphabetic())
                    && (line.ends_with(['.', '!', '?', ':']) || line.chars().count() > 50)
            }))
}

/// `[3] https://…`: an address that stands below the text.
fn footnote(line: &str) -> Option<(&str, &str)> {
    let (number, place) = line.trim().strip_prefix('[')?.split_once(']')?;
    let place = place.trim_start_matches([':', ' ']);
    (number.bytes().all(|byte| byte.is_ascii_digit()) && place.starts_with("http"))
        .then_some((number, place))
}

fn footnotes(text: &str) -> HashMap<&str, &str> {
    text.lines().filter_map(footnote).take(500).collect()
}

/// Takes the addresses out of a line: they are links, and what stands before them names them.
fn apart(line: &str, readers: &Readers, notes: &HashMap<&str, &str>) -> (String, Vec<Link>) {
    let mut links = Vec::new();
    let mut words = String::new();
    for word in line.split_whitespace() {
        let trimmed = word.trim_matches(['<', '>', '(', ')', '[', ']', '"', ',']);
        let note = word.starts_with('[').then(|| notes.get(trimmed)).flatten();
        let address = note.copied().unwrap_or(trimmed).trim_end_matches(['.', ';']);
        if address.starts_with("http://") || address.starts_with("https://") {
            links.push(Link {
                url: target(address, readers),
                words: clean_line(words.trim_end_matches([':', '>', '-', ' ']), 200),
                is_picture: false,
                is_alone: true,
            });
        } else {
            words.push_str(word);
            words.push(' ');
        }
    }
    let rest = words.trim();
    let is_label = !links.is_empty() && rest.ends_with(':') && rest.chars().count() <= 40;
    (if is_label { String::new() } else { rest.to_owned() }, links)
}
