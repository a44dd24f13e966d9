//! German typography on whatever sources write (DIN 5008), and German words
//! for dates, sizes and numbers.

use std::borrow::Cow;
use std::sync::LazyLock;

use chrono::{Datelike as _, NaiveDate, Timelike as _, Weekday};
use chrono_tz::Tz;
use regex::{Captures, Regex};

use super::{MONTHS, clean_line, shorten};
use crate::model::Timestamp;

/// A pattern that is compiled once. One that does not compile matches nothing;
/// the table test below would show it.
macro_rules! pattern {
    ($name:ident, $pattern:expr) => {
        static $name: LazyLock<Regex> = LazyLock::new(|| {
            let nothing = || Regex::new("$^");
            match Regex::new($pattern).or_else(|_| nothing()) {
                Ok(regex) => regex,
                Err(_) => unreachable!("patterns are constants"),
            }
        });
    };
}

/// No-break space.
pub const NBSP: char = '\u{a0}';
/// Longest word that is shown whole: longer ones break the layout and are no words.
const MAX_WORD: usize = 60;

/// Returns one line as readers see it: at most `max_chars`, cut at a word.
pub fn line(dirty: &str, max_chars: usize) -> String {
    // Bounded first: titles of megabytes exist, and what is cut needs no care.
    let bounded: String = dirty.chars().take(max_chars.saturating_mul(8).max(2000)).collect();
    let decoded = entities(&bounded);
    let repaired = without_markers(&mojibake(&without_tags(&decoded))).into_owned();
    let without_phrases = without_phrases(&clean_line(&repaired, usize::MAX));
    let words = words_of_sane_length(&without_urls(&without_phrases));
    let cut = shorten(words.trim(), max_chars);
    // The mark of an omission never begins a line.
    binding(&dashes(&quotes(&cut))).replace(" …", "\u{a0}…")
}

/// Decodes what a source escaped once too often. Only whole entities count:
/// `R&D` stays as it is.
fn entities(text: &str) -> Cow<'_, str> {
    pattern!(ENTITY, r"&(?:[A-Za-z]{2,8}|#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6});");
    let decode = |text: &str| -> String {
        ENTITY
            .replace_all(text, |hit: &Captures<'_>| htmlize::unescape(&hit[0]).into_owned())
            .into_owned()
    };
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let once = decode(text);
    Cow::Owned(if once.contains('&') { decode(&once) } else { once })
}

/// Removes markup that was meant as markup. Other angle brackets stay: they are text.
fn without_tags(text: &str) -> Cow<'_, str> {
    pattern!(
        TAG,
        r"(?i)</?(?:p|br|a|b|i|u|em|strong|div|span|img|ul|ol|li|h[1-6]|font|small|sup|sub|table|tr|td)(?:\s[^<>]{0,2000})?/?>"
    );
    if !text.contains('<') {
        return Cow::Borrowed(text);
    }
    let bare = TAG.replace_all(text, " ");
    if bare.trim().is_empty() { Cow::Borrowed(text) } else { bare }
}

/// Marks of a template that a source failed to fill become plain brackets: in a
/// mail they look as if we had failed.
fn without_markers(text: &str) -> Cow<'_, str> {
    pattern!(OPENING, r"\$?\{[{%]+|\$\{");
    pattern!(CLOSING, r"[}%]+\}");
    if !text.contains(['{', '}']) {
        return Cow::Borrowed(text);
    }
    let text = OPENING.replace_all(text, "{");
    Cow::Owned(CLOSING.replace_all(&text, "}").into_owned())
}

/// Reads words again that are UTF-8 read as Windows-1252; what is lost for
/// good (U+FFFD) becomes a question mark.
fn mojibake(text: &str) -> Cow<'_, str> {
    if !text.contains(['Ã', 'Â', 'â', '\u{fffd}']) {
        return Cow::Borrowed(text);
    }
    let words: Vec<Cow<'_, str>> = text.split(' ').map(repaired_word).collect();
    Cow::Owned(words.join(" ").replace('\u{fffd}', "?"))
}

fn repaired_word(word: &str) -> Cow<'_, str> {
    if !word.contains(['Ã', 'Â', 'â']) {
        return Cow::Borrowed(word);
    }
    let (bytes, _, had_errors) = encoding_rs::WINDOWS_1252.encode(word);
    if had_errors {
        return Cow::Borrowed(word);
    }
    match String::from_utf8(bytes.into_owned()) {
        Ok(repaired) => Cow::Owned(repaired),
        Err(_) => Cow::Borrowed(word),
    }
}

/// Removes what content systems append and what only makes sense as a link.
fn without_phrases(text: &str) -> String {
    pattern!(
        APPEARED,
        r"(?i)\s*(?:Der Beitrag .{1,300} erschien zuerst auf .{1,200}|The post .{1,300} appeared first on .{1,200})$"
    );
    pattern!(
        MORE,
        r"(?i)[\s\[(]*(?:…|\.\.\.)?[\])\s]*\b(?:weiterlesen|weiter lesen|mehr lesen|mehr erfahren|read more|continue reading|zum artikel|mehr dazu)\s*(?:…|\.\.\.|»|>+|→|›)?[\])\s]*$"
    );
    pattern!(BRACKETED, r"\s*[\[(]\s*(?:…|\.{3})\s*[\])]");
    pattern!(ENDS, r"\s*…\s*\.+$|(\S)…\.$");
    // Most texts hold none of it, and looking for a word is cheaper than for a pattern.
    let has_appeared = text.contains("erschien zuerst auf") || text.contains("appeared first on");
    let text = if has_appeared { APPEARED.replace(text, "") } else { Cow::Borrowed(text) };
    let before = text.len();
    let ending: String =
        text.chars().rev().take(24).collect::<Vec<_>>().into_iter().rev().collect();
    let ending = ending.to_lowercase();
    let may_have_more =
        ["weiter", "mehr", "more", "reading", "artikel"].iter().any(|word| ending.contains(word));
    let without_more = if may_have_more { MORE.replace(&text, "") } else { Cow::Borrowed(&*text) };
    let text = if without_more.trim().is_empty() {
        text
    } else if without_more.len() < before
        && !without_more.trim_end().ends_with(['.', '!', '?', '…', ':', '“', '"'])
    {
        Cow::Owned(format!("{} …", without_more.trim_end()))
    } else {
        without_more
    };
    if !text.contains('…') && !text.contains("...") {
        return text.into_owned();
    }
    let text = BRACKETED.replace_all(&text, " …");
    ENDS.replace(&text, "$1 …").into_owned()
}

/// Addresses of pages become their host: a bare URL in running text could pose
/// as one of our own links.
fn without_urls(text: &str) -> Cow<'_, str> {
    pattern!(LINK, r"(?i)\bhttps?://([^\s/?#@]{1,100}@)?([^\s/?#@]{1,100})\S*");
    if text.contains("://") { LINK.replace_all(text, "$2") } else { Cow::Borrowed(text) }
}

fn words_of_sane_length(text: &str) -> String {
    let words: Vec<Cow<'_, str>> = text
        .split(' ')
        .map(|word| {
            if word.chars().count() <= MAX_WORD {
                return Cow::Borrowed(word);
            }
            Cow::Owned(word.chars().take(MAX_WORD - 1).chain(['…']).collect())
        })
        .collect();
    words.join(" ")
}

/// Puts „…“ and ‚…‘ for straight and English ones, nested as they stand.
fn quotes(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len() + 8);
    let (mut double_open, mut single_open) = (false, false);
    for (at, &c) in chars.iter().enumerate() {
        let before = at.checked_sub(1).map(|at| chars[at]);
        let after = chars.get(at + 1).copied();
        let opens = before.is_none_or(|c| c.is_whitespace() || "([{–—-/„‚»«".contains(c))
            && after.is_some_and(|c| !c.is_whitespace());
        match c {
            '"' | '“' | '”' | '‟' => {
                if c == '"' && !double_open && before.is_some_and(|c| c.is_ascii_digit()) && !opens
                {
                    // Inches.
                    out.push('″');
                } else if !double_open && (opens || c != '”') && after.is_some() {
                    out.push('„');
                    double_open = true;
                } else {
                    out.push('“');
                    double_open = false;
                }
            }
            '„' => {
                double_open = true;
                out.push(c);
            }
            '\'' | '‘' | '’' => {
                if opens && c != '’' && has_closing_single(&chars[at + 1..]) {
                    single_open = true;
                    out.push('‚');
                } else if single_open && !after.is_some_and(char::is_alphanumeric) {
                    single_open = false;
                    out.push('‘');
                } else {
                    out.push('’');
                }
            }
            _ => out.push(c),
        }
    }
    out
}

fn has_closing_single(rest: &[char]) -> bool {
    rest.iter().enumerate().any(|(at, c)| {
        matches!(c, '\'' | '’' | '‘') && !rest.get(at + 1).is_some_and(|c| c.is_alphanumeric())
    })
}

/// Puts – between blanks as dash, … for three dots, and no rulers of signs.
fn dashes(text: &str) -> String {
    pattern!(DASH, r"(^|\s)(?:-{1,3}|—)(\s)");
    pattern!(DOTS, r"\.{3,}|…\.+");
    pattern!(RULER, r"([*_=~#+\-])[*_=~#+\-]{3,}");
    if !text.contains(['-', '—', '.', '*', '_', '=', '~', '#', '+', '…']) {
        return text.to_owned();
    }
    // Twice, since neighbouring dashes share a blank.
    let text = DASH.replace_all(text, "$1–$2");
    let text = DASH.replace_all(&text, "$1–$2");
    let text = DOTS.replace_all(&text, "…");
    RULER.replace_all(&text, "–").into_owned()
}

/// Puts no-break spaces where a line break would tear things apart.
fn binding(text: &str) -> String {
    pattern!(
        MONTH,
        r"\b([0-9]{1,2}\.)\s(Januar|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember)\b(?:\s([0-9]{4})\b)?"
    );
    pattern!(MARK, r"(§|\bNr\.|\bArt\.|\bAbs\.|\bS\.|\bDr\.|\bProf\.|\bZiff\.)\s([0-9A-ZÄÖÜ])");
    pattern!(UNIT, r"([0-9])\s(MB|KB|GB|TB|kB|%|€|Euro|Uhr|Mio\.|Mrd\.|Prozent)");
    pattern!(ABBREVIATION, r"\b(z|d|u|i|o)\.\s?(B|h|a|d|ä)\.");
    if !text.contains(|c: char| c.is_ascii_digit() || c == '.' || c == '§') {
        return text.to_owned();
    }
    let text = MONTH.replace_all(text, |hit: &Captures<'_>| {
        let year = hit.get(3).map(|year| format!("{NBSP}{}", year.as_str()));
        format!("{}{NBSP}{}{}", &hit[1], &hit[2], year.unwrap_or_default())
    });
    let text = MARK.replace_all(&text, format!("$1{NBSP}$2"));
    let text = UNIT.replace_all(&text, format!("$1{NBSP}$2"));
    ABBREVIATION.replace_all(&text, format!("$1.{NBSP}$2.")).into_owned()
}

/// Returns a text that will stand in „…“: its own quotes become ‚…‘.
pub fn inner(text: &str) -> String {
    text.replace('„', "‚").replace('“', "‘")
}

/// Returns `Dienstag`.
pub fn weekday(at: Timestamp, zone: Tz) -> &'static str {
    match at.utc().with_timezone(&zone).weekday() {
        Weekday::Mon => "Montag",
        Weekday::Tue => "Dienstag",
        Weekday::Wed => "Mittwoch",
        Weekday::Thu => "Donnerstag",
        Weekday::Fri => "Freitag",
        Weekday::Sat => "Samstag",
        Weekday::Sun => "Sonntag",
    }
}

/// Returns `9. Dezember 2025`, with no-break spaces.
pub fn date(at: Timestamp, zone: Tz) -> String {
    day(at.utc().with_timezone(&zone).date_naive())
}

/// Returns `9. Dezember 2025`, with no-break spaces.
pub fn day(day: NaiveDate) -> String {
    format!("{}.{NBSP}{}", day.day(), month(day).replace(' ', "\u{a0}"))
}

/// Returns `Dezember 2025`.
pub fn month(day: NaiveDate) -> String {
    format!("{} {}", MONTHS[day.month0() as usize % 12], day.year())
}

/// Returns `9. Dezember`, with a no-break space.
pub fn day_and_month(at: Timestamp, zone: Tz) -> String {
    let local = at.utc().with_timezone(&zone);
    format!("{}.{NBSP}{}", local.day(), MONTHS[local.month0() as usize % 12])
}

/// Returns `7 Uhr` or `14:05 Uhr`, with a no-break space.
pub fn time(at: Timestamp, zone: Tz) -> String {
    let local = at.utc().with_timezone(&zone);
    match local.minute() {
        0 => format!("{}{NBSP}Uhr", local.hour()),
        minute => format!("{}:{minute:02}{NBSP}Uhr", local.hour()),
    }
}

/// Returns `1 Meldung`, `7 Meldungen`, with a no-break space.
pub fn count(number: usize, one: &str, many: &str) -> String {
    format!("{}{NBSP}{}", grouped(number), if number == 1 { one } else { many })
}

/// Returns `40 000`: groups of three from five digits on, with no-break spaces.
pub fn grouped(number: usize) -> String {
    let digits = number.to_string();
    if digits.len() < 5 {
        return digits;
    }
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(NBSP);
        }
        out.push(digit);
    }
    out
}

/// Returns `840 KB`, `1,2 MB`: powers of 1000, decimal comma, no-break space.
pub fn size(bytes: u64) -> String {
    let (unit, name) = match bytes {
        0..1_000_000 => return format!("{}{NBSP}KB", bytes.div_ceil(1000).max(1)),
        1_000_000..1_000_000_000 => (100_000, "MB"),
        _ => (100_000_000, "GB"),
    };
    let tenths = (bytes + unit / 2) / unit;
    match (tenths / 10, tenths % 10) {
        (whole, 0) => format!("{whole}{NBSP}{name}"),
        (whole, tenth) => format!("{whole},{tenth}{NBSP}{name}"),
    }
}

/// Returns `A`, `A und B`, `A, B und C`.
pub fn enumerated<S: AsRef<str>>(words: &[S]) -> String {
    match words {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [first @ .., last] => {
            let first: Vec<&str> = first.iter().map(AsRef::as_ref).collect();
            format!("{} und {}", first.join(", "), last.as_ref())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(dirty: &str) -> String {
        line(dirty, 280).replace(NBSP, "~")
    }

    #[test]
    fn dirty_titles_become_german_ones() {
        for (dirty, clean) in [
            // T1
            ("Er sagt \"Ja\" dazu", "Er sagt „Ja“ dazu"),
            ("“Smart City” kommt", "„Smart City“ kommt"),
            ("„Schon gut“", "„Schon gut“"),
            ("\"Das 'neue' Amt\"", "„Das ‚neue‘ Amt“"),
            ("Wie geht's?", "Wie geht’s?"),
            ("Ein 27\" Schirm", "Ein 27″ Schirm"),
            ("(\"in Klammern\")", "(„in Klammern“)"),
            // T2, T3
            ("OZG - jetzt", "OZG – jetzt"),
            ("OZG -- jetzt", "OZG – jetzt"),
            ("OZG — jetzt", "OZG – jetzt"),
            ("E-Akte", "E-Akte"),
            ("Und dann...", "Und dann…"),
            // T4
            ("am 9. Dezember 2025 um 7 Uhr", "am 9.~Dezember~2025 um 7~Uhr"),
            ("§ 5 und Nr. 3, 40 %, z.B. Dr. Ada", "§~5 und Nr.~3, 40~%, z.~B. Dr.~Ada"),
            // T7, T8
            ("R&amp;amp;D &#228; &quot;x&quot;", "R&D ä „x“"),
            ("AT&T & Co; R&D;", "AT&T & Co; R&D;"),
            ("<b>Fett</b> und 3 < 4", "Fett und 3 < 4"),
            ("<p></p>", "<p></p>"),
            ("fÃ¼r BÃ¼rger â€žheuteâ€œ", "für Bürger „heute“"),
            ("Château und Âme", "Château und Âme"),
            ("M\u{fffd}ller", "M?ller"),
            ("a\u{308} \u{200b}b\u{202e}c\u{ad}d", "ä bcd"),
            // T9
            ("Viel  Platz", "Viel Platz"),
            ("Der Rat tagt. Weiterlesen", "Der Rat tagt."),
            ("Der Rat tagt [...]", "Der Rat tagt~…"),
            ("Der Rat tagt und Weiterlesen »", "Der Rat tagt und~…"),
            ("Neues. Der Beitrag Neues erschien zuerst auf Amt.", "Neues."),
            ("Ende ….", "Ende~…"),
            // T10
            ("BEKANNTMACHUNG", "BEKANNTMACHUNG"),
            // No false links, rulers and endless words.
            ("Siehe https://boese.example/abmelden?x=1 heute", "Siehe boese.example heute"),
            ("Siehe https://nutzer:pw@boese.example/x", "Siehe boese.example"),
            ("======== Neu ========", "– Neu –"),
            ("-- Abmelden:", "– Abmelden:"),
            // A source's own templates do not look like ours.
            ("{{7*7}} ${x} {% if %} {{{a}}}", "{7*7} {x} { if } {a}"),
            ("f(x) = {1, 2}, 50 % {klein}", "f(x) = {1, 2}, 50~% {klein}"),
        ] {
            assert_eq!(shown(dirty), clean, "{dirty}");
        }
        let endless = shown(&"x".repeat(100_000));
        assert_eq!(endless.chars().count(), 60);
    }

    #[test]
    fn long_titles_are_cut_at_a_word() {
        let cut = line(&"Verwaltung und ".repeat(20), 140);
        assert!(cut.chars().count() <= 140 && cut.ends_with("\u{a0}…"), "{cut}");
    }

    #[test]
    fn dates_times_numbers_and_sizes_are_german() {
        let zone = chrono_tz::Europe::Berlin;
        let at = Timestamp::from_seconds(1_765_260_004);
        let plain = |text: String| text.replace(NBSP, "~");
        assert_eq!(weekday(at, zone), "Dienstag");
        assert_eq!(plain(date(at, zone)), "9.~Dezember~2025");
        assert_eq!(plain(time(at, zone)), "7~Uhr");
        assert_eq!(plain(time(at.after(std::time::Duration::from_mins(5)), zone)), "7:05~Uhr");
        // Summer time: the wall clock counts.
        assert_eq!(plain(time(Timestamp::from_seconds(1_751_346_000), zone)), "7~Uhr");
        assert_eq!(plain(count(1, "Meldung", "Meldungen")), "1~Meldung");
        assert_eq!(plain(count(40_000, "Meldung", "Meldungen")), "40~000~Meldungen");
        for (bytes, text) in [
            (1, "1~KB"),
            (840_000, "840~KB"),
            (999_999, "1000~KB"),
            (1_000_000, "1~MB"),
            (1_234_567, "1,2~MB"),
            (2_500_000_000, "2,5~GB"),
        ] {
            assert_eq!(plain(size(bytes)), text);
        }
        assert_eq!(enumerated(&["A", "B", "C"]), "A, B und C");
        assert_eq!(enumerated(&["A"]), "A");
    }

    proptest::proptest! {
        #[test]
        fn any_text_becomes_one_short_visible_line(dirty in ".{0,400}", max in 1_usize..200) {
            let line = line(&dirty, max);
            // Abbreviations gain a blank each.
            proptest::prop_assert!(line.chars().count() <= max + max / 3 + 2, "{line:?}");
            proptest::prop_assert!(!line.contains(|c: char| c.is_control()), "{line:?}");
            let hidden = ['"', '\u{202e}', '\u{200b}', '\u{2028}'];
            proptest::prop_assert!(!line.contains(hidden), "{line:?}");
        }

        #[test]
        fn quotes_pair_up(words in proptest::collection::vec("[a-zä]{1,6}", 1..8)) {
            let dirty = format!("\"{}\" und \"x\"", words.join(" "));
            let line = line(&dirty, 280);
            proptest::prop_assert_eq!(line.matches('„').count(), 2, "{}", line);
            proptest::prop_assert_eq!(line.matches('“').count(), 2, "{}", line);
        }
    }
}
