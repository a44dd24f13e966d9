//! Page furniture: imprint, related items, captions, cookie notes, counters,
//! advertisements, comments, addresses. Topics are not given and changes are not told
//! because of such words; `furniture` lists them.
//!
//! Returns ranges to leave out, so that spans still count in the stored text. In
//! doubt a line stays: a lost sentence costs a topic, a stray caption hardly ever
//! gives one.

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};

use super::furniture::{
    LONGEST_LINE, LONGEST_OPENING, Tail, begins_with, is_action, is_line, lower, may_open,
    push_lower, tail,
};

/// A title of another item is no longer than this, in characters.
const LONGEST_HEADLINE: usize = 140;

/// What is left out inside a line, from an opening word to the closing bracket.
const BRACKETS: [&str; 6] =
    ["(wir berichteten", "(foto:", "(bild:", "(symbolbild", "(quelle:", "(archivbild"];

/// Finds whether a text holds a web or mail address or speaks of cookies or
/// newsletters, as few do: only then its lines are searched for them.
static MARKED: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    // Of the kinds of match the one for which it looks at many bytes at a time.
    let kind = MatchKind::LeftmostFirst;
    AhoCorasick::builder().match_kind(kind).build(["@", "://", "www.", "ookie", "ewsletter"]).ok()
});

/// Returns bytes of `text` that are not the item's own words, ascending and apart.
pub fn furniture_ranges(text: &str) -> Vec<Range<usize>> {
    cuts(text, true)
}

/// Returns the same as [`furniture_ranges`], but addresses to write to stay: where one should write
/// is something a reader acts on.
pub fn furniture_ranges_but_mail(text: &str) -> Vec<Range<usize>> {
    cuts(text, false)
}

fn cuts(text: &str, cuts_mail: bool) -> Vec<Range<usize>> {
    let mut cuts: Vec<Range<usize>> = Vec::new();
    let mut at = 0;
    let has_marks = MARKED.as_ref().is_none_or(|marked| marked.is_match(text));
    let mut opening = String::new();
    let mut follows = Follows::Text;
    for line in text.split_inclusive('\n') {
        let begins = at;
        at += line.len();
        // Few lines begin like furniture; only those are looked at whole.
        opening.clear();
        let bare = uncounted(line.trim_start_matches(['-', '–', '—', ' ']));
        push_lower(&mut opening, bare, LONGEST_OPENING);
        let opens = may_open(&opening);
        let lower = if opens || has_marks && (line.contains("ookie") || line.contains("ewsletter"))
        {
            lower(bare, LONGEST_LINE + 1)
        } else {
            String::new()
        };
        // An item may be a welcome address or an imprint: its first line ends no text.
        let tail = if begins > 0 { tail(&lower) } else { Tail::None };
        // Where most of the text is still to come, headlines stand in a box in its middle.
        if tail == Tail::Signature || tail == Tail::Heading && text.len() - at <= begins {
            cuts.push(begins..text.len());
            return cuts;
        }
        let is_followed = begins > 0 || at < text.len();
        let is_furniture = tail == Tail::Heading
            || follows.takes(line)
            || is_followed
                && (is_line(&lower)
                    || is_byline(line)
                    || is_numbered_picture(&opening)
                    || is_age(&opening)
                    || is_counter(&opening)
                    || is_weather(&opening)
                    || is_controls(line));
        if is_furniture {
            cuts.push(begins..at);
        } else {
            inside(line, begins, has_marks, cuts_mail, &mut cuts);
        }
        follows = follows.after(tail, &lower, line, is_furniture);
    }
    cuts
}

/// What the lines after a heading are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Follows {
    Text,
    /// Titles of other items, until a line says a sentence.
    Headlines,
    /// One paragraph that somebody paid for.
    Advertisement,
}

impl Follows {
    fn takes(self, line: &str) -> bool {
        let line = line.trim();
        match self {
            Self::Text => false,
            Self::Headlines => {
                line.chars().count() <= LONGEST_HEADLINE && !line.ends_with(['.', '!', '?', '“'])
            }
            Self::Advertisement => true,
        }
    }

    fn after(self, tail: Tail, lower: &str, line: &str, is_furniture: bool) -> Self {
        let bare = lower.trim_matches([':', ' ', '-', '–']);
        if tail == Tail::Heading {
            Self::Headlines
        } else if matches!(bare, "anzeige" | "werbung") {
            Self::Advertisement
        } else if self == Self::Headlines && (is_furniture || line.trim().is_empty()) {
            self
        } else {
            Self::Text
        }
    }
}

/// Returns whether the line names who wrote the text, and says nothing else.
fn is_byline(line: &str) -> bool {
    let line = line.trim();
    let Some(names) = line.strip_prefix("Von ").or_else(|| line.strip_prefix("von ")) else {
        return false;
    };
    let mut count = 0;
    let named = names.split(' ').all(|word| {
        count += 1;
        let is_name = word.chars().next().is_some_and(char::is_uppercase)
            && word.chars().all(|c| c.is_alphabetic() || matches!(c, '-' | ',' | '.'));
        is_name || matches!(word, "und" | "von" | "der" | "de")
    });
    named && (2..=8).contains(&count) && !names.ends_with('.')
}

/// Returns whether a sentence by itself is page furniture, as where a page came as one line.
pub fn is_furniture(sentence: &str) -> bool {
    let lower = lower(sentence, LONGEST_LINE + 1);
    is_line(&lower) || is_age(&lower) || is_counter(&lower)
}

/// Returns whether a line is `Aufrufe 1.204`, `gelesen: 12`, `Dieser Beitrag wurde 418-mal
/// gelesen.`
fn is_counter(opening: &str) -> bool {
    const COUNTED: [&str; 7] =
        ["aufrufe", "seitenaufrufe", "zugriffe", "klicks", "gelesen", "besucher", "leser"];
    const TIMES: [&str; 5] = ["gelesen", "aufgerufen", "angesehen", "angeklickt", "geteilt"];
    // The opening is cut: a short line is whole.
    let is_sum = opening.chars().count() < LONGEST_OPENING
        && opening.contains(|c: char| c.is_ascii_digit())
        && TIMES.iter().any(|word| opening.trim_end_matches('.').ends_with(word))
        && opening.contains("mal ");
    is_sum
        || COUNTED.iter().any(|word| {
            opening.strip_prefix(word).is_some_and(|rest| {
                rest.trim_start_matches([':', ' ']).starts_with(|c: char| c.is_ascii_digit())
                    && rest.starts_with([':', ' '])
            })
        })
}

/// Returns whether a line is `vor 3 Stunden | Redaktion`: how long ago the page was made.
fn is_age(opening: &str) -> bool {
    let Some(rest) = opening.strip_prefix("vor ") else { return false };
    let behind = rest.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start();
    let unit = behind.split(' ').next().unwrap_or_default();
    let ends = behind[unit.len()..].trim_start();
    behind.len() < rest.len()
        && ["minute", "minuten", "stunde", "stunden", "tag", "tagen"].contains(&unit)
        && (ends.is_empty() || ends.starts_with(['|', '·', '–', '-', '•']))
}

/// Returns whether a line is `heute: 11 grad, bewölkt`.
fn is_weather(opening: &str) -> bool {
    opening.chars().count() < LONGEST_OPENING
        && (opening.contains(" grad") || opening.contains('°'))
        && ["heute", "morgen", "aktuell", "jetzt"].iter().any(|day| begins_with(opening, day))
}

/// Returns whether a line is `Lesedauer: 2 Minuten | Artikel anhören`: a row of buttons.
fn is_controls(line: &str) -> bool {
    if !line.contains(['|', '·', '•']) || line.chars().count() > LONGEST_LINE {
        return false;
    }
    let parts = line.split(['|', '·', '•']).map(str::trim).filter(|part| !part.is_empty());
    let (mut all, mut buttons) = (0, 0);
    for part in parts {
        all += 1;
        buttons += usize::from(is_action(part) || is_line(&lower(part, LONGEST_LINE)));
    }
    buttons >= 2 && buttons + 1 >= all
}

/// Returns whether a line is `bild 1 von 4: …`.
fn is_numbered_picture(opening: &str) -> bool {
    ["bild ", "foto "].iter().any(|word| {
        opening.strip_prefix(word).is_some_and(|rest| {
            let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
            rest.starts_with(" von ") || rest.starts_with('/')
        })
    })
}

/// Returns the line without the number before it: "3 Kommentare".
fn uncounted(line: &str) -> &str {
    let rest = line.trim_start_matches(|c: char| c.is_ascii_digit());
    rest.strip_prefix(' ').filter(|_| rest.len() < line.len()).unwrap_or(line)
}

/// Brackets with a caption, web and mail addresses.
fn inside(
    line: &str,
    begins: usize,
    may_have_address: bool,
    cuts_mail: bool,
    cuts: &mut Vec<Range<usize>>,
) {
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
        if is_mail && cuts_mail || bare.contains("://") || bare.contains("www.") {
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
        for cut in furniture_ranges(text) {
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
            for cut in furniture_ranges(&text) {
                proptest::prop_assert!(at <= cut.start && cut.start <= cut.end);
                proptest::prop_assert!(text.get(cut.clone()).is_some());
                at = cut.end;
            }
        }
    }
}
