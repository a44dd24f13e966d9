//! German text, shared by all below: folding, tokens, sentences, cleaning of control and bidi characters.

use unicode_normalization::UnicodeNormalization as _;

/// NFC on one line: control, bidi, zero-width characters and soft hyphens
/// removed, white space runs to one blank, trimmed, at most `max_chars`.
pub fn clean_line(text: &str, max_chars: usize) -> String {
    let visible: String = text.nfc().filter(|c| !is_invisible(*c)).collect();
    let line = visible.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(max_chars).collect()
}

/// At most `max_chars`, cut at a word, with ` …`.
pub fn shorten(text: &str, max_chars: usize) -> String {
    if text.chars().count() <= max_chars {
        return text.to_owned();
    }
    let head: String = text.chars().take(max_chars.saturating_sub(2)).collect();
    let cut = head.rfind(' ').filter(|at| *at > head.len() / 2).unwrap_or(head.len());
    format!("{} …", head[..cut].trim_end_matches([' ', ',', ';', ':', '–']))
}

fn is_invisible(c: char) -> bool {
    (c.is_control() && !c.is_whitespace())
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}
