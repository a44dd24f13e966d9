//! German text, shared by all below: folding, tokens, sentences, cleaning of control and bidi characters.

use sha2::{Digest as _, Sha256};
use unicode_normalization::UnicodeNormalization as _;

/// Lower case, NFC, umlauts and ß spelled out.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.nfc().flat_map(char::to_lowercase) {
        match c {
            'ä' => folded.push_str("ae"),
            'ö' => folded.push_str("oe"),
            'ü' => folded.push_str("ue"),
            'ß' => folded.push_str("ss"),
            other => folded.push(other),
        }
    }
    folded
}

fn is_unwanted(c: char) -> bool {
    (c.is_control() && !c.is_whitespace())
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// One clean line.
pub fn clean_line(text: &str, max_chars: usize) -> String {
    let kept: String = text.nfc().filter(|c| !is_unwanted(*c)).collect();
    let line = kept.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(max_chars).collect::<String>().trim().to_owned()
}

/// Clean lines.
pub fn clean_block(text: &str, max_chars: usize) -> String {
    let lines: Vec<String> =
        text.lines().map(|l| clean_line(l, max_chars)).filter(|l| !l.is_empty()).collect();
    lines.join("\n").chars().take(max_chars).collect()
}

/// Cut at a word.
pub fn shorten(text: &str, max_chars: usize) -> String {
    if text.chars().count() <= max_chars {
        return text.to_owned();
    }
    let cut: String = text.chars().take(max_chars.saturating_sub(2)).collect();
    let end = cut.rfind(' ').unwrap_or(cut.len());
    format!("{} …", &cut[..end])
}

/// First eight bytes of SHA-256.
pub fn hash64(bytes: &[u8]) -> u64 {
    let sum = Sha256::digest(bytes);
    let mut first = [0_u8; 8];
    first.copy_from_slice(&sum[..8]);
    u64::from_be_bytes(first)
}
