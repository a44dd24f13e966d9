//! What publishing systems add to a text and no reader needs.
//!
//! Tables, so that the next quirk is a line. Works on plain text after
//! `extract::html`; only titles come with markup, since a title may as well
//! speak about markup.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};
use regex::Regex;

use crate::text;

/// Marks of formatting that appear in titles. Other marks are words to be shown.
const FORMATTING: &[&str] = &[
    "a", "abbr", "b", "big", "br", "cite", "code", "del", "div", "em", "font", "h1", "h2", "h3",
    "h4", "h5", "h6", "i", "img", "ins", "mark", "nobr", "p", "q", "s", "small", "span", "strike",
    "strong", "sub", "sup", "time", "tt", "u", "wbr",
];

/// Remarks without news value anywhere in a text.
const REMARKS: &[&str] = &[
    ": Datei in neuem Fenster öffnen",
    " (wir berichteten)",
    " (wir berichteten )",
    " [mehr]",
    " (mehr)",
];

/// Lines that are furniture if nothing else stands on them, or if they begin so.
const FURNITURE: &[&str] = &[
    "Bild vergrößern:",
    "Bildrechte:",
    "Anbieter zum Thema",
    "Zum Thema:",
    "Seite drucken",
    "Drucken",
    "Teilen",
    "Zurück zur Übersicht",
    "Zurück zur Liste",
    "nach oben",
    "-->",
    "Pressemitteilung-->",
    "Lesezeit:",
];

/// From here downwards a text is about its publisher.
const TAILS: &[&str] = &["Impressum:", "Impressum", "Anhänge zur Pressemitteilung"];

/// A date in brackets before a teaser or title: `[08.08.2025] `.
static BRACKETED_DATE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^\s*\[(\d{1,2}\.\s?\d{1,2}\.\s?\d{4})\]\s*").ok());

/// Words without which [`APPEARED_FIRST`] finds nothing.
const APPEARED: [&str; 2] = ["erschien zuerst auf", "appeared first on"];

/// Finds whether a text holds any of [`APPEARED`] or [`REMARKS`], as few do, in
/// one pass over it.
static REMARKED: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    // Of the kinds of match the one for which it looks at many bytes at a time.
    let kind = MatchKind::LeftmostFirst;
    AhoCorasick::builder().match_kind(kind).build(APPEARED.iter().chain(REMARKS)).ok()
});

/// What `WordPress` puts under each entry of a feed.
static APPEARED_FIRST: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?:Der Beitrag|The post) [^\n]{1,400}? (?:erschien zuerst auf|appeared first on) [^\n]{1,200}")
        .ok()
});

static MARK: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"</?([A-Za-z][A-Za-z0-9]*)(?:[\s/][^<>]*)?/?>").ok());

static ENTITY: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"&(?:[A-Za-z][A-Za-z0-9]{1,30}|#\d{1,7}|#[xX][0-9A-Fa-f]{1,6});").ok()
});

/// Returns a title as one line of plain text. Formatting goes, other markup is shown
/// as the words it is; entities are decoded however often they were escaped.
pub(super) fn title(raw: &str, max_chars: usize) -> String {
    // A title needs no more than this, whatever hides in it.
    let end = raw.char_indices().nth(20_000).map_or(raw.len(), |(at, _)| at);
    let raw = &raw[..end];
    let plain = match MARK.as_ref().filter(|_| raw.contains('<')) {
        Some(mark) => mark.replace_all(raw, |found: &regex::Captures<'_>| {
            let name = found.get(1).map_or("", |name| name.as_str()).to_ascii_lowercase();
            if !FORMATTING.contains(&name.as_str()) {
                found[0].to_owned()
            } else if matches!(name.as_str(), "wbr" | "sub" | "sup") {
                String::new()
            } else {
                " ".to_owned()
            }
        }),
        None => raw.into(),
    };
    let line = text::clean_line(&unescape(&plain), max_chars);
    text::without_link_ends(&tidy_blanks(&line)).to_owned()
}

/// Entities decoded up to three times: feeds escape once too often.
fn unescape(text: &str) -> String {
    let mut text = text.to_owned();
    for _ in 0..3 {
        if !text.contains('&') || !ENTITY.as_ref().is_some_and(|entity| entity.is_match(&text)) {
            break;
        }
        text = htmlize::unescape(&text).into_owned();
    }
    text
}

/// Blanks that a removed mark left before a comma or full stop.
fn tidy_blanks(line: &str) -> String {
    let mut tidy = String::with_capacity(line.len());
    for word in line.split(' ').filter(|word| !word.is_empty()) {
        let is_sign = word.len() == 1 && word.starts_with([',', '.', ';', '!', '?']);
        if !tidy.is_empty() && !is_sign {
            tidy.push(' ');
        }
        tidy.push_str(word);
    }
    tidy
}

/// Returns a date in brackets at the start, and the text after it.
pub(super) fn split_bracketed_date(text: &str) -> (Option<&str>, &str) {
    let date = BRACKETED_DATE.as_ref().filter(|_| text.trim_start().starts_with('['));
    let found = date.and_then(|date| date.captures(text));
    match found.as_ref().and_then(|found| Some((found.get(0)?, found.get(1)?))) {
        Some((whole, date)) => (Some(date.as_str()), &text[whole.end()..]),
        None => (None, text),
    }
}

/// Returns a text without furniture, publisher's tail and remarks.
pub(super) fn without_furniture(text: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for line in text.lines() {
        let line = line.trim();
        if !kept.is_empty() && TAILS.iter().any(|tail| is_tail(line, tail)) {
            break;
        }
        if !FURNITURE
            .iter()
            .any(|words| line == *words || (words.ends_with(':') && line.starts_with(words)))
        {
            kept.push(line);
        }
    }
    let mut text = kept.join("\n");
    if REMARKED.as_ref().is_some_and(|remarked| !remarked.is_match(&text)) {
        return text.trim().to_owned();
    }
    // The expression is slow where its words are missing, as they are in most texts.
    if APPEARED.iter().any(|words| text.contains(words))
        && let Some(appeared) = APPEARED_FIRST.as_ref()
    {
        text = appeared.replace_all(&text, "").into_owned();
    }
    for remark in REMARKS {
        if text.contains(remark) {
            text = text.replace(remark, "");
        }
    }
    text.trim().to_owned()
}

fn is_tail(line: &str, tail: &str) -> bool {
    if tail.ends_with(':') { line.starts_with(tail) } else { line == tail }
}

/// Returns the first sentence, or as much of it as fits.
pub(super) fn first_sentence(text: &str, max_chars: usize) -> String {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    text::shorten(text::sentences(line).next().unwrap_or_default(), max_chars)
}

/// Returns what of a text counts as said: words and figures, without quotation marks,
/// dashes, white space and other typography.
pub(super) fn said(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !is_said(c)).filter(|word| !word.is_empty())
}

/// Returns whether a character is part of what is said.
pub(super) fn is_said(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '%' | '€' | '§')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_plain_text_whatever_it_was_wrapped_in() {
        for (raw, shown) in [
            ("<b>OZG</b> &amp; mehr", "OZG & mehr"),
            ("B&amp;amp;uuml;rger", "Bürger"),
            ("Tom &amp;#39;s &amp;quot;Haus&amp;quot;", "Tom 's \"Haus\""),
            ("Portal<br>startet", "Portal startet"),
            ("<span>Neu</span>, <em>heute</em>.", "Neu, heute."),
            ("CO<sub>2</sub>-Bilanz", "CO2-Bilanz"),
            ("Was <head> bedeutet", "Was <head> bedeutet"),
            ("<script>alert(1)</script>", "<script>alert(1)</script>"),
            ("1 < 2 und 3 > 2", "1 < 2 und 3 > 2"),
            ("Satzung.pdf: Datei in neuem Fenster öffnen", "Satzung.pdf"),
            ("Zeile\r\nBcc: x\u{2028}y\u{85}z", "Zeile Bcc: x y z"),
            ("\u{200b}\u{feff}", ""),
            ("{{7*7}} %s", "{{7*7}} %s"),
        ] {
            assert_eq!(title(raw, 300), shown, "{raw}");
        }
    }

    #[test]
    fn furniture_and_the_publishers_tail_go() {
        let text = "Bild vergrößern: ein Amt\nDas Land fördert (wir berichteten) Portale.\nImpressum:\nMinisterium\nTel. 1";
        assert_eq!(without_furniture(text), "Das Land fördert Portale.");
        assert_eq!(
            without_furniture("Impressum: neu\nPflicht"),
            "Impressum: neu\nPflicht",
            "first line is the text"
        );
        assert_eq!(
            without_furniture("Text. Der Beitrag Neues Portal erschien zuerst auf Kommune21."),
            "Text."
        );
    }

    #[test]
    fn a_date_in_brackets_is_read_off() {
        assert_eq!(split_bracketed_date("[08.08.2025] Das Land"), (Some("08.08.2025"), "Das Land"));
        assert_eq!(split_bracketed_date("[Update] Das Land"), (None, "[Update] Das Land"));
    }

    #[test]
    fn a_sentence_does_not_end_at_an_ordinal_or_short_form() {
        assert_eq!(
            first_sentence("Die 4. Sitzung begann. Sie endete.", 99),
            "Die 4. Sitzung begann."
        );
        assert_eq!(
            first_sentence("Es geht z. B. um Portale. Mehr nicht.", 99),
            "Es geht z. B. um Portale."
        );
        assert_eq!(first_sentence("\n", 99), "");
    }
}
