//! Lines that were only broken to fit a page.

use std::borrow::Cow;

use super::month_named;

/// From so many characters on a line was broken because it was full.
const FULL_LINE: usize = 45;

/// Returns the text with lines joined that were broken inside a sentence, and words
/// that were parted at the end of a line, as texts out of PDF files have them.
pub fn unwrapped(text: &str) -> Cow<'_, str> {
    if !text.contains('\n') {
        return Cow::Borrowed(text);
    }
    let mut joined = String::with_capacity(text.len());
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let last = joined.rsplit('\n').next().unwrap_or_default();
        if last.is_empty() {
            joined.push_str(line);
        } else if is_parted(last, line) {
            joined.pop();
            joined.push_str(line);
        } else {
            joined.push(if is_broken(last, line) { ' ' } else { '\n' });
            joined.push_str(line);
        }
    }
    Cow::Owned(joined)
}

/// Returns whether a word begins on one line and ends on the next: "Stadt-", "baurätin".
fn is_parted(line: &str, next: &str) -> bool {
    let Some(word) = line.strip_suffix(['-', '\u{ad}', '\u{2010}']) else { return false };
    let begins = next.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    // "Vor- und Nachteile" is no parted word.
    word.ends_with(char::is_alphabetic)
        && begins.starts_with(char::is_lowercase)
        && !matches!(begins, "und" | "oder" | "sowie" | "bzw")
}

fn is_broken(line: &str, next: &str) -> bool {
    if next.starts_with(char::is_lowercase) {
        return !line.ends_with(['.', '!', '?', ':']);
    }
    let day =
        line.strip_suffix('.').is_some_and(|rest| rest.ends_with(|c: char| c.is_ascii_digit()));
    let first = next.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    if day && month_named(&first.to_lowercase()).is_some() {
        return true;
    }
    let is_open = !line.ends_with(['.', '!', '?', ':', '…', '“', '"', ';', ')']);
    is_open
        && line.chars().nth(FULL_LINE).is_some()
        && first.chars().next().is_some_and(char::is_alphabetic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_broken_inside_a_sentence_are_joined() {
        for (broken, whole) in [
            (
                "Unter der Leitung von Stadt-\nbaurätin Dierks",
                "Unter der Leitung von Stadtbaurätin Dierks",
            ),
            ("Die Vor-\nund Nachteile", "Die Vor- und Nachteile"),
            ("bis zum 28.\nFebruar 2026", "bis zum 28. Februar 2026"),
            ("Der Rat tagt.\nDanach folgt mehr.", "Der Rat tagt.\nDanach folgt mehr."),
            ("Was gilt\nDer Rat tagt.", "Was gilt\nDer Rat tagt."),
            (
                "Vorgestellt wurde ein Kartenwerkzeug für Hinweise der\nBürger.",
                "Vorgestellt wurde ein Kartenwerkzeug für Hinweise der Bürger.",
            ),
        ] {
            assert_eq!(unwrapped(broken), whole);
        }
    }
}
