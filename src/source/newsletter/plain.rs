//! A newsletter in plain text as blocks: titles are underlined, numbered, in capitals, or
//! lines of their own over a paragraph.

use std::borrow::Cow;
use std::collections::HashMap;

use super::address::{Readers, target};
use super::blocks::{Block, Link, Mark};
use super::sayings::{is_address, leaves};
use crate::text::{MONTHS, clean_line, fold, words};

/// Weight of text, of a line of its own, and of what a mark makes a title.
const TEXT: u16 = 30;
const LINE: u16 = 34;
const MARKED: u16 = 40;
/// What the heavier rule adds.
const RULED: u16 = 2;
/// Longest title.
const LONGEST_TITLE: usize = 160;
/// Least width at which lines are broken.
const LEAST_WIDTH: usize = 60;
/// Most links of a line that are written as `[words](address)`.
const MOST_WRITTEN: usize = 20;
/// What has as many lines as this is no title.
const MOST_TITLE_LINES: usize = 3;

/// What is known of a text for reading its lines.
struct Reading<'a> {
    readers: &'a Readers,
    /// Addresses that stand below the text, by their number.
    notes: HashMap<&'a str, &'a str>,
    /// The width at which its lines were broken.
    width: usize,
    blocks: Vec<Block>,
}

/// Reads the blocks of a part in plain text.
pub(in crate::source) fn of_text(text: &str, readers: &Readers) -> Vec<Block> {
    let lines: Vec<&str> = text.lines().map(str::trim_end).take(20_000).collect();
    let lines: Vec<&str> =
        unquoted(lines).into_iter().filter(|line| footnote(line).is_none()).collect();
    let (notes, width) = (footnotes(text), width(&lines));
    let mut reading = Reading { readers, notes, width, blocks: Vec::new() };
    let mut paragraph: Vec<&str> = Vec::new();
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        let words = line.trim();
        at += 1;
        if is_rule(words) {
            let is_title = (1..=2).contains(&paragraph.len())
                && !paragraph.last().is_some_and(|line| ends_sentence(line));
            let heavy = if words.contains('=') { RULED } else { 0 };
            reading.flush(&mut paragraph, if is_title { Mark::Rule } else { Mark::None }, heavy);
            continue;
        }
        let next = lines.get(at).map_or("", |next| next.trim());
        // An address ends an entry if one stands below the next line too.
        let is_next = is_address(next) && paragraph.last().is_some_and(|line| is_address(line));
        if words.is_empty() || (bullet(words) || is_next) && !paragraph.is_empty() {
            reading.flush(&mut paragraph, Mark::None, 0);
        }
        if words.is_empty() {
            continue;
        }
        let broken = reading.broken(&lines[at - 1..]);
        let title = lines[at - 1..at + broken].iter().map(|line| line.trim()).collect::<Vec<_>>();
        let next = lines.get(at + broken).map_or("", |next| next.trim());
        if paragraph.is_empty()
            && broken + 1 < MOST_TITLE_LINES
            && let Some(mark) = mark(&title.join(" "))
            && !is_rule(next)
        {
            paragraph = title;
            reading.flush(&mut paragraph, mark, 0);
            at += broken;
            continue;
        }
        paragraph.push(words);
    }
    reading.flush(&mut paragraph, Mark::None, 0);
    reading.blocks
}

/// Lines without the mark of a quoted message, if most have it.
fn unquoted(mut lines: Vec<&str>) -> Vec<&str> {
    let quoted = |line: &str| line == ">" || line.starts_with("> ");
    let count = lines.iter().filter(|line| quoted(line)).count();
    if count * 2 > lines.iter().filter(|line| !line.is_empty()).count() {
        for line in &mut lines {
            *line =
                line.strip_prefix('>').map_or(*line, |line| line.strip_prefix(' ').unwrap_or(line));
        }
    }
    lines
}

/// The width at which a text was broken into lines: that of its longest one without an address.
fn width(lines: &[&str]) -> usize {
    let words = lines.iter().filter(|line| !line.contains("://") && !is_rule(line.trim()));
    let longest = words.map(|line| line.chars().count()).max();
    // Shorter lines are nobody's habit: they end where their writer ended them.
    longest.filter(|longest| *longest >= LEAST_WIDTH).unwrap_or(usize::MAX)
}

/// Returns whether the end of a line is one only because the next word had no room.
fn is_broken(line: &str, next: &str, width: usize) -> bool {
    let word = next.split_whitespace().next().unwrap_or_default();
    !word.is_empty()
        && !word.ends_with(':')
        && !word.contains("://")
        && line.chars().count() + 1 + word.chars().count() > width
}

fn is_rule(line: &str) -> bool {
    line.len() >= 3
        && line
            .chars()
            .all(|c| matches!(c, '-' | '=' | '*' | '_' | '~' | '#' | '+' | '–' | '—' | ' '))
}

/// What marks a line as a title.
fn mark(line: &str) -> Option<Mark> {
    if line.chars().count() > LONGEST_TITLE {
        return None;
    }
    // `## [Titel](https://…)`
    let frames = ["+++", "***", "##", ">>", "==="];
    let is_framed = |mark: &&str| line.starts_with(*mark) && line.len() > mark.len() + 4;
    if line.contains("://") && !(line.contains("](") && frames.iter().any(is_framed)) {
        return None;
    }
    let letters: Vec<char> = line.chars().filter(|c| c.is_alphabetic()).collect();
    if letters.len() >= 8 && letters.iter().all(|c| c.is_uppercase() || *c == 'ß') {
        return Some(Mark::Loud);
    }
    if ends_sentence(without_note(line)) {
        return None;
    }
    let counted = line.strip_prefix('[').unwrap_or(line);
    let number = counted.chars().take_while(char::is_ascii_digit).count();
    let rest = counted.get(number..).unwrap_or_default();
    if (1..=2).contains(&number) && [". ", ") ", "] "].iter().any(|end| rest.starts_with(end)) {
        Some(Mark::Number)
    } else if frames.iter().any(is_framed) {
        Some(Mark::Frame)
    } else {
        bullet(line).then_some(Mark::Bullet)
    }
}

/// Returns whether a line begins an entry of a list.
fn bullet(line: &str) -> bool {
    ["* ", "- ", "• ", "– ", "o ", "+ "].iter().any(|sign| line.starts_with(sign))
}

/// Returns the words of a title without what marks it.
fn bare(title: &str) -> &str {
    title.trim_matches(|c: char| {
        matches!(c, '+' | '*' | '#' | '=' | '>' | '<' | '-' | '–' | '~' | '_' | '•')
            || c.is_whitespace()
    })
}

impl Reading<'_> {
    /// Returns how many of the lines go on with what the first begins.
    fn broken(&self, lines: &[&str]) -> usize {
        let goes_on =
            |two: &&[&str]| !is_rule(two[1].trim()) && is_broken(two[0], two[1], self.width);
        lines.windows(2).take(MOST_TITLE_LINES - 1).take_while(goes_on).count()
    }

    /// Takes the lines of a paragraph as a block, somewhat heavier than its mark makes it.
    fn flush(&mut self, lines: &mut Vec<&str>, mark: Mark, heavy: u16) {
        let lines = std::mem::take(lines);
        let Some(first) = lines.first() else { return };
        // `Der Titel` over its paragraph, with nothing between.
        if mark == Mark::None
            && let Some(below) = lines.get(1..).filter(|below| !below.is_empty())
            && !is_broken(first, below[0], self.width)
            && is_title_line(first, below)
        {
            self.flush(&mut vec![*first], Mark::First, 0);
            self.flush(&mut below.to_vec(), Mark::None, 0);
            return;
        }
        let mut links = Vec::new();
        let mut text = String::new();
        for (at, line) in lines.iter().enumerate() {
            let (words, found) = apart(line, self.readers, &self.notes);
            links.extend(found);
            if words.is_empty() {
                continue;
            }
            if !text.is_empty() {
                let goes_on = at > 0 && is_broken(lines[at - 1], line, self.width);
                text.push(if mark != Mark::None || goes_on { ' ' } else { '\n' });
            }
            text.push_str(&words);
        }
        let is_line = mark == Mark::None
            && !is_byline(first)
            && lines.len() == 1
            && first.chars().count() <= LONGEST_TITLE
            && !ends_sentence(without_note(first))
            && !first.contains("://");
        let mark = if is_line { Mark::Line } else { mark };
        let weight = match mark {
            Mark::None | Mark::Bullet | Mark::Picture => TEXT,
            Mark::Line => LINE,
            _ => MARKED + heavy,
        };
        let text = if mark == Mark::None { text } else { bare(&text).to_owned() };
        if text.is_empty() && links.is_empty() {
            return;
        }
        // `Abmelden: https://…` is of the foot, not of the story above it.
        let text = match links.iter().find(|link| leaves(link)) {
            Some(link) if text.is_empty() => link.words.clone(),
            _ => text,
        };
        if text.is_empty()
            && let Some(last) = self.blocks.last_mut()
        {
            last.links.extend(links);
            return;
        }
        let is_heading = weight >= MARKED;
        self.blocks.push(Block { text, links, weight, is_heading, mark, ..Block::default() });
    }
}

/// Returns a line without the number of a note at its end: `Der Titel [3]`.
fn without_note(line: &str) -> &str {
    let note = line.rsplit_once(" [").filter(|(_, rest)| rest.ends_with(']'));
    note.map_or(line, |(front, _)| front)
}

fn ends_sentence(line: &str) -> bool {
    line.ends_with(['.', ',', ';', ':', '!'])
}

/// Returns whether a line is of a running text: it begins within a sentence, or another one
/// begins in it, or it leads up to an address.
fn is_running(line: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    let begins_small =
        words.first().is_some_and(|word| word.chars().all(|c| c.is_lowercase() || c == '-'));
    let ends_sentence = |word: &str| {
        word.strip_suffix('.')
            .is_some_and(|word| word.chars().count() > 3 && word.chars().all(char::is_lowercase))
    };
    let holds_end = words.iter().rev().skip(1).any(|word| ends_sentence(word));
    let leads_up = ["unter", "auf", "hier", "bei", "ueber", "lesen", "at", "see"];
    let last = words.last().map(|word| fold(word)).unwrap_or_default();
    begins_small || holds_end || leads_up.contains(&last.as_str())
}

/// Returns whether a line says of which day a text is, and perhaps whose.
fn is_byline(line: &str) -> bool {
    let is_number = |word: &str, length: usize| {
        word.len() <= length && word.bytes().all(|b| b.is_ascii_digit())
    };
    let said: Vec<&str> = words(line).map(|(_, word)| word).collect();
    let [.., day, month, year] = said[..] else { return false };
    line.chars().count() <= 60
        && !line.contains(':')
        && is_number(day, 2)
        && (is_number(month, 2) || MONTHS.contains(&month))
        && is_number(year, 4)
}

/// Returns whether a line heads the lines below it: short, no sentence, over one.
pub(in crate::source) fn is_title_line(line: &str, below: &[&str]) -> bool {
    let bare = without_note(line);
    let words = bare.split_whitespace().count();
    let is_linked = below
        .first()
        .is_some_and(|line| line.split_whitespace().count() == 1 && line.contains("://"));
    let told = below.iter().find(|line| !line.contains("://"));
    (2..=14).contains(&words)
        && bare.chars().count() <= 100
        && !ends_sentence(bare)
        && !is_running(bare)
        && !bare.contains("://")
        && (is_linked
            || told.is_some_and(|line| {
                is_byline(line)
                    || line.chars().next().is_some_and(|c| c.is_uppercase() || !c.is_alphabetic())
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

/// Takes links out of a line that are written as `[words](address)`; the words stay.
fn written_links<'a>(line: &'a str, readers: &Readers, links: &mut Vec<Link>) -> Cow<'a, str> {
    let written = |line: &str| -> Option<(usize, usize, usize)> {
        let middle = line.find("](http")?;
        Some((line[..middle].rfind('[')?, middle, middle + line[middle..].find(')')?))
    };
    let mut line = Cow::Borrowed(line);
    for _ in 0..MOST_WRITTEN {
        let Some((start, middle, end)) = written(&line) else { break };
        let (words, address) = (&line[start + 1..middle], &line[middle + 2..end]);
        let url = target(address, readers);
        links.push(Link { url, words: clean_line(words, 200), is_picture: false, is_alone: true });
        line = Cow::Owned(format!("{}{words}{}", &line[..start], &line[end + 1..]));
    }
    line
}

/// Takes the addresses out of a line: they are links, and what stands before them names them.
fn apart(line: &str, readers: &Readers, notes: &HashMap<&str, &str>) -> (String, Vec<Link>) {
    let mut links = Vec::new();
    let mut words = String::new();
    let line = written_links(line, readers, &mut links);
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
