//! The text of a PDF, as its pages print it.
//!
//! `pdf-extract` may panic or take long on hostile bytes: call [`read`] only in
//! a process of its own, with limits. [`tidy`] is ours and is linear.

use serde::{Deserialize, Serialize};

/// Most pages whose text is kept; decisions and circulars tell all on the first.
const MOST_PAGES: usize = 60;
/// Most bytes of text.
const LONGEST: usize = 200_000;
/// Fewer letters than this a page are stamps on a scan.
const LEAST_LETTERS: usize = 20;

/// What a PDF says.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PdfText {
    /// Number of pages, if it could be opened.
    pub pages: Option<u32>,
    /// Its text, a line per paragraph; empty if it has none.
    pub text: String,
    /// Why there is no text, for readers.
    pub remark: Option<String>,
}

/// Returns the text of a PDF. May panic on hostile bytes.
pub fn read(bytes: &[u8]) -> PdfText {
    match pdf_extract::extract_text_from_mem_by_pages(bytes) {
        Ok(pages) => {
            let text = tidy(&pages);
            let letters = text.chars().filter(|c| c.is_alphabetic()).count();
            let is_scan = letters < LEAST_LETTERS * pages.len().max(1);
            PdfText {
                pages: u32::try_from(pages.len()).ok(),
                remark: is_scan.then(|| "gescannt, kein Text".to_owned()),
                text: if is_scan { String::new() } else { text },
            }
        }
        Err(error) => {
            let said = error.to_string().to_lowercase();
            let is_locked =
                ["encrypt", "password", "decrypt"].iter().any(|word| said.contains(word));
            let remark = if is_locked { "mit Kennwort geschützt" } else { "nicht lesbar" };
            PdfText { remark: Some(remark.to_owned()), ..PdfText::default() }
        }
    }
}

/// Returns the text of pages as paragraphs: without headers, footers and page
/// numbers, words joined that a line's end divided.
pub fn tidy(pages: &[String]) -> String {
    let pages: Vec<Vec<String>> =
        pages.iter().take(MOST_PAGES).map(|page| page.lines().map(spaced).collect()).collect();
    let repeated = repeated_lines(&pages);
    let mut text = String::new();
    // A page's end parts no sentence, an empty line does.
    let mut begins = true;
    for page in &pages {
        let edges = edges(page);
        let mut after_gap = false;
        for (index, line) in page.iter().enumerate() {
            if !line.chars().any(char::is_alphanumeric) {
                after_gap = true;
                continue;
            }
            let is_edge = edges.contains(&index);
            if is_edge && (repeated.contains(&without_digits(line)) || is_page_number(line)) {
                continue;
            }
            if text.len() > LONGEST {
                return text;
            }
            push_line(&mut text, line, begins, after_gap);
            begins = false;
            after_gap = false;
        }
    }
    text
}

/// Appends a line: to the word, the sentence or the text before it.
fn push_line(text: &mut String, line: &str, begins: bool, after_gap: bool) {
    const JOINED_WORDS: [&str; 8] = ["und", "oder", "bzw", "sowie", "als", "wie", "noch", "bis"];
    let first = line.chars().next().unwrap_or(' ');
    let word = line.split(|c: char| !c.is_alphabetic()).next().unwrap_or_default();
    let hyphen = text.chars().next_back().filter(|c| matches!(c, '-' | '\u{2010}' | '\u{ad}'));
    let divides = text.trim_end_matches(['-', '\u{2010}', '\u{ad}']).ends_with(char::is_alphabetic);
    if let Some(hyphen) = hyphen.filter(|_| divides) {
        if first.is_lowercase() && !(hyphen == '-' && JOINED_WORDS.contains(&word)) {
            text.pop();
            text.push_str(line);
            return;
        }
        if first.is_uppercase() && !after_gap {
            text.push_str(line);
            return;
        }
    }
    // A sentence that goes on behind a gap, as between columns and pages.
    let goes_on = first.is_lowercase() && !text.ends_with(['.', '!', '?', ':', '\n']);
    if !begins {
        text.push(if after_gap && !goes_on { '\n' } else { ' ' });
    }
    text.push_str(line);
}

/// Returns a line with single blanks and with ligatures as the letters they join.
fn spaced(line: &str) -> String {
    let mut spaced = String::with_capacity(line.len());
    for word in line.split_whitespace() {
        if !spaced.is_empty() {
            spaced.push(' ');
        }
        for c in word.chars() {
            match c {
                '\u{fb00}' => spaced.push_str("ff"),
                '\u{fb01}' => spaced.push_str("fi"),
                '\u{fb02}' => spaced.push_str("fl"),
                '\u{fb03}' => spaced.push_str("ffi"),
                '\u{fb04}' => spaced.push_str("ffl"),
                '\u{fb05}' | '\u{fb06}' => spaced.push_str("st"),
                '\u{0}'..='\u{1f}' | '\u{fffd}' => {}
                _ => spaced.push(c),
            }
        }
    }
    spaced
}

/// Returns the first and last lines with words of a page, by index.
fn edges(page: &[String]) -> Vec<usize> {
    const DEPTH: usize = 3;
    let with_words: Vec<usize> =
        (0..page.len()).filter(|index| page[*index].chars().any(char::is_alphanumeric)).collect();
    let from = with_words.len().saturating_sub(DEPTH);
    with_words.iter().take(DEPTH).chain(&with_words[from..]).copied().collect()
}

/// Returns lines at the edges of at least two pages, blind to digits.
fn repeated_lines(pages: &[Vec<String>]) -> std::collections::HashSet<String> {
    let mut counts: std::collections::HashMap<String, usize> = std::collections::HashMap::new();
    for page in pages {
        let mut of_page: Vec<String> =
            edges(page).into_iter().map(|index| without_digits(&page[index])).collect();
        of_page.sort();
        of_page.dedup();
        for line in of_page {
            *counts.entry(line).or_default() += 1;
        }
    }
    let least = (pages.len() / 3).max(2);
    counts.into_iter().filter(|(_, count)| *count >= least).map(|(line, _)| line).collect()
}

fn without_digits(line: &str) -> String {
    line.chars().map(|c| if c.is_ascii_digit() { '#' } else { c }).collect()
}

/// Returns whether a line is `Seite 3 von 12`, `- 3 -`, `3/12`.
fn is_page_number(line: &str) -> bool {
    let mut words = line.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.clone().any(|word| word.bytes().all(|byte| byte.is_ascii_digit()))
        && words.all(|word| {
            word.len() <= 4 && word.bytes().all(|byte| byte.is_ascii_digit())
                || ["seite", "von", "page", "of", "s", "blatt"]
                    .contains(&word.to_lowercase().as_str())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn divided_words_are_joined_and_compounds_keep_their_hyphen() {
        let page = "Die Verwal-\ntung prüft Online-\nDienste, Ober-\nund Unterstufe\nden Beteilig\u{2010}\n\nten zuliebe.\n\nNeuer Absatz zu Er\u{fb01}ndern.";
        let text = "Die Verwaltung prüft Online-Dienste, Ober- und Unterstufe den Beteiligten zuliebe.\nNeuer Absatz zu Erfindern.";
        assert_eq!(tidy(&[page.to_owned()]), text);
    }

    #[test]
    fn headers_footers_and_page_numbers_are_dropped() {
        let page = |number: u8, text: &str| {
            format!("Stadt A - Bekanntmachung\n\n{text}\n\nSeite {number} von 2")
        };
        let pages = [page(1, "Der Rat hat be-"), page(2, "schlossen, was folgt.\n\n2026")];
        assert_eq!(tidy(&pages), "Der Rat hat beschlossen, was folgt.\n2026".replace("\n2026", ""));
    }

    #[test]
    fn what_is_no_pdf_is_said_to_be_unreadable() {
        for bytes in [&b""[..], b"%PDF-1.4", b"<html>"] {
            let read = read(bytes);
            assert_eq!((read.text.as_str(), read.remark.as_deref()), ("", Some("nicht lesbar")));
        }
    }

    #[test]
    fn tidying_takes_linear_time() {
        let page = "Seite 1\n\na-\n\u{2010}\n1\n".repeat(100_000);
        assert!(tidy(&[page.clone(), page]).len() <= LONGEST + 1_000);
    }
}
