//! What a page prints under every text, and what is not the item's own words:
//! imprint, related items, captions, cookie notes, addresses.
//!
//! It answers ranges to leave out, so that spans still count in the stored
//! text. In doubt it leaves a line in: a lost sentence costs a topic, a
//! stray caption hardly ever gives one.

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};

use crate::text::furniture::{
    LONGEST_LINE, LONGEST_OPENING, is_line, is_tail, lower, may_open, push_lower,
};

/// What is left out inside a line, from an opening word to the closing bracket.
const BRACKETS: [&str; 6] =
    ["(wir berichteten", "(foto:", "(bild:", "(symbolbild", "(quelle:", "(archivbild"];

/// Finds whether a text holds a web or mail address or speaks of cookies, as few
/// do: only then its lines are searched for them.
static MARKED: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    // Of the kinds of match the one for which it looks at many bytes at a time.
    let kind = MatchKind::LeftmostFirst;
    AhoCorasick::builder().match_kind(kind).build(["@", "://", "www.", "ookie"]).ok()
});

/// Bytes of `text` that are not the item's own words, ascending and apart.
pub(super) fn cuts(text: &str) -> Vec<Range<usize>> {
    let mut cuts: Vec<Range<usize>> = Vec::new();
    let mut at = 0;
    let has_marks = MARKED.as_ref().is_none_or(|marked| marked.is_match(text));
    let mut opening = String::new();
    for line in text.split_inclusive('\n') {
        let begins = at;
        at += line.len();
        // Few lines begin like boilerplate; only those are looked at whole.
        opening.clear();
        push_lower(&mut opening, line, LONGEST_OPENING);
        let opens = may_open(&opening);
        let lower = if opens || has_marks && line.contains("ookie") {
            lower(line, LONGEST_LINE + 1)
        } else {
            String::new()
        };
        // An item may be a welcome address or an imprint: its first line is never boilerplate.
        if begins > 0 && is_tail(&lower) {
            cuts.push(begins..text.len());
            return cuts;
        }
        if begins > 0 && is_line(&lower) {
            cuts.push(begins..at);
        } else {
            inside(line, begins, has_marks, &mut cuts);
        }
    }
    cuts
}

/// Brackets with a caption, web and mail addresses.
fn inside(line: &str, begins: usize, may_have_address: bool, cuts: &mut Vec<Range<usize>>) {
    /// Longer than any caption: the bracket was never closed.
    const LONGEST_BRACKET: usize = 200;
    let mut skip_to = 0;
    for (at, _) in line.match_indices('(') {
        if at < skip_to {
            continue;
        }
        let lower = lower(&line[at..], 20);
        if BRACKETS.iter().any(|opening| lower.starts_with(opening))
            && let Some(length) = line[at..]
                .char_indices()
                .take(LONGEST_BRACKET)
                .find(|&(_, c)| c == ')')
                .map(|(end, _)| end + 1)
        {
            cuts.push(begins + at..begins + at + length);
            skip_to = at + length;
        }
    }
    let has_address =
        may_have_address && (line.contains('@') || line.contains("://") || line.contains("www."));
    let mut at = 0;
    for word in line.split_inclusive(char::is_whitespace).take_while(|_| has_address) {
        let bare = word.trim_end();
        let start = begins + at;
        at += word.len();
        let is_mail = bare.find('@').is_some_and(|sign| bare[sign..].contains('.') && sign > 0);
        if is_mail || bare.contains("://") || bare.contains("www.") {
            cuts.push(start..start + bare.len());
        }
    }
    cuts.sort_by_key(|cut| (cut.start, cut.end));
    // A web address inside a caption's bracket is cut already.
    cuts.dedup_by(|later, earlier| {
        let overlaps = later.start < earlier.end;
        if overlaps {
            earlier.end = earlier.end.max(later.end);
        }
        overlaps
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rest(text: &str) -> String {
        let mut rest = String::new();
        let mut at = 0;
        for cut in cuts(text) {
            rest.push_str(&text[at..cut.start]);
            at = cut.end;
        }
        rest + &text[at..]
    }

    #[test]
    fn the_foot_of_a_page_is_left_out() {
        for foot in [
            "Impressum: Ministerium für Infrastruktur und Digitales\nTurmschanzenstraße",
            "Grußwort CIO\nDas Onlinezugangsgesetz",
            "Lesen Sie auch:\nOZG 2.0 kommt",
            "Weitere Meldungen\nKITU tagt",
            "Pressekontakt\nAmt",
        ] {
            assert_eq!(rest(&format!("Der Rat tagt.\n{foot}")), "Der Rat tagt.\n", "{foot}");
        }
    }

    #[test]
    fn a_reference_between_paragraphs_is_left_out_alone() {
        assert_eq!(
            rest("Eins.\nLesen Sie auch: OZG 2.0 kommt in den Bundesrat\nZwei."),
            "Eins.\nZwei."
        );
        assert_eq!(rest("Eins.\nFoto: KITU\nZwei."), "Eins.\nZwei.");
        assert_eq!(
            rest("Eins.\nWir verwenden Cookies. Bitte akzeptieren Sie.\nZwei."),
            "Eins.\nZwei."
        );
        assert_eq!(rest("Eins (wir berichteten) und (Foto: KITU) zwei."), "Eins  und  zwei.");
        assert_eq!(rest("Siehe https://ozg.example.de/OZG oder OZG@example.de!"), "Siehe  oder ");
    }

    #[test]
    fn the_items_own_words_stay() {
        for text in [
            "Grußwort des CIO zum Onlinezugangsgesetz",
            "Impressumspflicht: was Kommunen wissen müssen",
            "Der Rat tagt.\nFotografen gesucht",
            "Der Rat tagt.\nWeitere Meldungen nahm am Montag der Bürgermeister entgegen, der sich über die rege Teilnahme der Einwohner an der digitalen Befragung freute und ankündigte, dass im Herbst eine zweite folgt; dann gehe es um die Öffnungszeiten der Ämter und um das neue Portal.",
        ] {
            assert_eq!(rest(text), text);
        }
    }

    proptest::proptest! {
        #[test]
        fn cuts_are_ascending_and_at_characters(text in "(\\PC{0,20}|\\(foto: |\\)|http://|ä@b.de|\n|impressum|grußwort){0,8}") {
            let mut at = 0;
            for cut in cuts(&text) {
                proptest::prop_assert!(at <= cut.start && cut.start <= cut.end);
                proptest::prop_assert!(text.get(cut.clone()).is_some());
                at = cut.end;
            }
        }
    }
}
