//! Bytes → text: which charset it is, whatever anybody claims.
//!
//! Order: byte order mark, shape of UTF-16 and UTF-32, valid UTF-8 (then no
//! claim counts but those of seven-bit charsets), the HTTP field, the declaration, windows-1252.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::reference;

/// A document as text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Decoded {
    /// The text, without byte order mark.
    pub text: String,
    /// What the operator should know: claims that were wrong.
    pub notes: Vec<String>,
}

/// Decodes `body`; never fails. `content_type` is the value of the HTTP field.
pub fn decode(body: &[u8], content_type: Option<&str>) -> Decoded {
    let mut notes = Vec::new();
    let text = decode_with_notes(body, content_type, &mut notes);
    let text = without_double(without_c1(without_mark(text)), &mut notes);
    Decoded { text: text.into_owned(), notes }
}

/// Returns the same without a copy where the bytes are UTF-8 already.
pub(super) fn decode_with_notes<'a>(
    body: &'a [u8],
    content_type: Option<&str>,
    notes: &mut Vec<String>,
) -> Cow<'a, str> {
    if let Some(rest) = body.strip_prefix(b"\xef\xbb\xbf") {
        return utf8_or_pieces(rest, notes);
    }
    if let Some((text, name)) = wide(body) {
        if name.starts_with("UTF-32") {
            notes.push(format!("the document is {name}"));
        }
        return Cow::Owned(text);
    }
    let said = charset_parameter(content_type.unwrap_or_default()).and_then(label);
    let declared = declaration(body).and_then(label);
    // The validation of encoding_rs, which is faster than std's on German text.
    if let Some(text) = UTF_8.decode_without_bom_handling_and_without_replacement(body) {
        // Escape sequences of a seven-bit charset are valid UTF-8 too.
        let seven_bit = said.or(declared).filter(|encoding| *encoding == encoding_rs::ISO_2022_JP);
        return match seven_bit {
            Some(encoding) if body.contains(&0x1b) => encoding.decode_without_bom_handling(body).0,
            _ => text,
        };
    }
    let eight_bit = |encoding: &&'static Encoding| ![UTF_8, UTF_16LE, UTF_16BE].contains(encoding);
    // HTTP claims are often a server's default: the declaration is the author's
    // word, so a differing eight-bit one wins over the server's Latin-1.
    let said = said.filter(eight_bit);
    let declared = declared.filter(eight_bit);
    let chosen = match (said, declared) {
        (Some(said), Some(declared)) if said == WINDOWS_1252 => Some(declared),
        (said, declared) => said.or(declared),
    };
    match chosen {
        Some(encoding) if encoding != WINDOWS_1252 || !is_mostly_utf8(body) => {
            encoding.decode_without_bom_handling(body).0
        }
        _ => utf8_or_pieces(body, notes),
    }
}

/// Returns whether more sequences are UTF-8 than are not: text in windows-1252 has
/// hardly one that is.
fn is_mostly_utf8(body: &[u8]) -> bool {
    let (mut sound, mut bad) = (0_usize, 0_usize);
    for chunk in body.utf8_chunks() {
        sound += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        bad += usize::from(!chunk.invalid().is_empty());
    }
    sound > bad
}

/// Returns UTF-8, and each sequence that is none as windows-1252; but where the
/// document has sound UTF-8 too, stray continuation bytes are a character's
/// rest and become a replacement character.
fn utf8_or_pieces<'a>(body: &'a [u8], notes: &mut Vec<String>) -> Cow<'a, str> {
    if let Ok(text) = std::str::from_utf8(body) {
        return Cow::Borrowed(text);
    }
    let mut text = String::with_capacity(body.len() + body.len() / 8);
    let has_utf8 = body.utf8_chunks().any(|chunk| !chunk.valid().is_ascii());
    let mut bad = 0_usize;
    for chunk in body.utf8_chunks() {
        text.push_str(chunk.valid());
        let invalid = chunk.invalid();
        match invalid {
            [] => {}
            // The head of a longer sequence that lost a byte: no character of its own.
            [0xe0..=0xf4, 0x80..=0xbf, ..] => {
                bad += 1;
                text.push('\u{fffd}');
            }
            [0x80..=0xbf] if has_utf8 => {
                bad += 1;
                text.push('\u{fffd}');
            }
            _ => {
                bad += 1;
                text.push_str(&WINDOWS_1252.decode_without_bom_handling(invalid).0);
            }
        }
    }
    notes.push(format!("{bad} byte sequences are not UTF-8: read as windows-1252"));
    Cow::Owned(text)
}

/// Decodes UTF-16 and UTF-32, known by mark or by the zeros of ASCII markup.
fn wide(body: &[u8]) -> Option<(String, &'static str)> {
    let sixteen = |encoding: &'static Encoding, rest: &[u8]| {
        encoding.decode_without_bom_handling(rest).0.into_owned()
    };
    if let Some(rest) = body.strip_prefix(b"\xff\xfe\0\0") {
        return Some((utf32(rest, u32::from_le_bytes), "UTF-32LE"));
    }
    if let Some(rest) = body.strip_prefix(b"\0\0\xfe\xff") {
        return Some((utf32(rest, u32::from_be_bytes), "UTF-32BE"));
    }
    if let Some(rest) = body.strip_prefix(b"\xff\xfe") {
        return Some((sixteen(UTF_16LE, rest), "UTF-16LE"));
    }
    if let Some(rest) = body.strip_prefix(b"\xfe\xff") {
        return Some((sixteen(UTF_16BE, rest), "UTF-16BE"));
    }
    match body {
        [b'<', 0, 0, 0, ..] => Some((utf32(body, u32::from_le_bytes), "UTF-32LE")),
        [0, 0, 0, b'<', ..] => Some((utf32(body, u32::from_be_bytes), "UTF-32BE")),
        [b'<' | b'{' | b' ' | b'\r' | b'\n' | b'\t', 0, second, 0, ..] if *second != 0 => {
            Some((sixteen(UTF_16LE, body), "UTF-16LE"))
        }
        [0, b'<' | b'{' | b' ' | b'\r' | b'\n' | b'\t', 0, second, ..] if *second != 0 => {
            Some((sixteen(UTF_16BE, body), "UTF-16BE"))
        }
        _ => None,
    }
}

fn utf32(body: &[u8], number: fn([u8; 4]) -> u32) -> String {
    body.chunks_exact(4)
        .filter_map(|four| <[u8; 4]>::try_from(four).ok())
        .map(|four| char::from_u32(number(four)).unwrap_or('\u{fffd}'))
        .collect()
}

fn label(name: &str) -> Option<&'static Encoding> {
    let name = name.trim();
    Encoding::for_label(name.as_bytes()).or_else(|| match name.to_ascii_lowercase().as_str() {
        "utf" | "utf_8" | "utf-8859-1" => Some(UTF_8),
        "cp1252" | "win1252" | "ansi" | "iso-latin-1" | "iso8859_1" => Some(WINDOWS_1252),
        _ => None,
    })
}

/// Returns the charset parameter of a Content-Type field (RFC 9110 8.3).
fn charset_parameter(content_type: &str) -> Option<&str> {
    content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches(['"', '\'']))
    })
}

/// Returns what the XML declaration, or a page's meta element, says in the first kilobyte.
fn declaration(body: &[u8]) -> Option<&str> {
    let head = body.get(..body.len().min(1024))?;
    let end = head.iter().position(|byte| !byte.is_ascii()).unwrap_or(head.len());
    let head = std::str::from_utf8(head.get(..end)?).ok()?;
    value_of(head, "encoding")
        .filter(|_| head.contains("<?xml"))
        .or_else(|| value_of(head, "charset"))
}

fn value_of<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let at = head.find(name)?;
    let rest = head.get(at + name.len()..)?.trim_start().strip_prefix('=')?.trim_start();
    let quote = rest.chars().next()?;
    if matches!(quote, '"' | '\'') {
        return rest.get(1..)?.split(quote).next();
    }
    rest.split(|c: char| c.is_whitespace() || matches!(c, '>' | ';' | '"' | '\'' | '/')).next()
}

fn without_mark(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.strip_prefix('\u{feff}').unwrap_or(text)),
        Cow::Owned(text) => match text.strip_prefix('\u{feff}') {
            Some(rest) => Cow::Owned(rest.to_owned()),
            None => Cow::Owned(text),
        },
    }
}

/// Undoes UTF-8 that was taken for windows-1252 and encoded again: `BÃ¼rger`.
///
/// Two such letters make a document one of these; no language writes them.
pub(super) fn without_double<'a>(text: Cow<'a, str>, notes: &mut Vec<String>) -> Cow<'a, str> {
    // `Ã`, `Â` and `â` are what the first byte of each German letter and mark becomes.
    let suspects = ['\u{c2}', '\u{c3}', '\u{e2}'];
    if text.matches(suspects).take(2).count() < 2 {
        return text;
    }
    let mut repaired = String::with_capacity(text.len());
    let (mut rest, mut count) = (&*text, 0);
    while let Some(at) = rest.find(suspects) {
        repaired.push_str(&rest[..at]);
        rest = &rest[at..];
        let taken = rest.char_indices().nth(3).map_or(rest.len(), |(end, _)| end);
        let (bytes, _, is_lossy) = encoding_rs::WINDOWS_1252.encode(&rest[..taken]);
        let width = if bytes.first() == Some(&0xe2) { 3 } else { 2 };
        let whole = bytes.get(..width).and_then(|bytes| std::str::from_utf8(bytes).ok());
        match whole.filter(|_| !is_lossy || width == 2) {
            Some(whole) => {
                repaired.push_str(whole);
                count += 1;
                rest = rest.char_indices().nth(width).map_or("", |(end, _)| &rest[end..]);
            }
            None => {
                let next = rest.char_indices().nth(1).map_or(rest.len(), |(end, _)| end);
                repaired.push_str(&rest[..next]);
                rest = &rest[next..];
            }
        }
    }
    if count < 2 {
        return text;
    }
    repaired.push_str(rest);
    notes.push("the document was encoded as UTF-8 twice".to_owned());
    Cow::Owned(repaired)
}

/// C1 controls are no text: somebody took windows-1252 for Latin-1 before us.
pub(super) fn without_c1(text: Cow<'_, str>) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let is_c1 = |byte: &u8| (0x80..=0x9f).contains(byte) && *byte != 0x85;
    if !memchr::memchr_iter(0xc2, bytes).any(|at| bytes.get(at + 1).is_some_and(is_c1)) {
        return text;
    }
    let mut repaired = String::with_capacity(text.len());
    for character in text.chars() {
        match u32::from(character) {
            code @ 0x80..=0x9f => repaired.push_str(&reference::windows_1252(code)),
            _ => repaired.push(character),
        }
    }
    Cow::Owned(repaired)
}

/// What a text is that holds no feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// White space at most.
    Empty,
    /// Begins with a brace or bracket.
    Json,
    /// An HTML page.
    Page,
    /// Markup of some kind.
    Markup,
    /// Neither.
    Nothing,
}

/// Returns the kind of document, from its beginning.
pub(super) fn shape(text: &str) -> Shape {
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}' || c == '\0');
    if text.is_empty() {
        return Shape::Empty;
    }
    if text.starts_with(['{', '[']) {
        return Shape::Json;
    }
    let head = text.get(..text.floor_char_boundary(4096)).unwrap_or(text).to_ascii_lowercase();
    let has_root = ["<rss", "<feed", "<rdf:rdf", ":rss", ":feed", "<channel", "<rdf"]
        .iter()
        .any(|root| head.contains(root));
    if !has_root
        && ["<!doctype html", "<html", "<head", "<body"].iter().any(|start| head.contains(start))
    {
        return Shape::Page;
    }
    if text.contains('<') { Shape::Markup } else { Shape::Nothing }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(body: &[u8], content_type: Option<&str>) -> String {
        decode(body, content_type).text
    }

    #[test]
    fn utf8_that_was_encoded_twice_is_read() {
        assert_eq!(
            text("BÃ¼rger â€žStraÃŸeâ€œ – Ã„mter".as_bytes(), None),
            "Bürger „Straße“ – Ämter"
        );
        for sound in ["São João, Â und â", "Bürger „Straße“", "Ã", "Ã¼ allein"] {
            assert_eq!(text(sound.as_bytes(), None), sound);
        }
    }

    #[test]
    fn marks_and_shapes_win_over_claims() {
        assert_eq!(text(b"\xef\xbb\xbfa\xc3\xa4", Some("text/xml; charset=iso-8859-1")), "aä");
        assert_eq!(text(b"\xff\xfe<\0\xe4\0", None), "<ä");
        assert_eq!(text(b"\xfe\xff\0<\0\xe4", None), "<ä");
        assert_eq!(text(b"<\0?\0x\0", None), "<?x");
        assert_eq!(text(b"\0<\0?\0x", None), "<?x");
        assert_eq!(text(b"\xff\xfe\0\0<\0\0\0", None), "<");
        assert_eq!(text(b"\0\0\xfe\xff\0\0\0<", None), "<");
    }

    #[test]
    fn valid_utf_8_is_utf_8_whatever_is_said() {
        let body = "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?>Größe".as_bytes();
        assert!(text(body, Some("text/xml; charset=windows-1252")).ends_with("Größe"));
    }

    #[test]
    fn eight_bit_charsets_come_from_the_field_or_the_declaration() {
        assert_eq!(text(b"\xcf\xf0\xe8", Some("text/xml; charset=\"windows-1251\"")), "При");
        let declared = b"<?xml version='1.0' encoding='koi8-r'?>\xf0\xd2\xc9";
        assert!(text(declared, None).ends_with("При"));
        assert!(text(declared, Some("text/xml; charset=ISO-8859-1")).ends_with("При"));
        assert_eq!(text(b"\x84Gr\xf6\xdfe\x93 \x80", None), "„Größe“ €");
        assert_eq!(
            text(b"\x84Gr\xf6\xdfe\x93 \x80", Some("text/xml;charset=iso-8859-1")),
            "„Größe“ €"
        );
    }

    #[test]
    fn single_bad_bytes_do_not_spoil_the_rest() {
        let decoded = decode(b"Gr\xc3\xb6\xc3\x9fe Stra\xdfe", None);
        assert_eq!(decoded.text, "Größe Straße");
        assert_eq!(decoded.notes.len(), 1);
        let mixed = b"Gr\xc3\xb6\xc3\x9fe Stra\xdfe";
        assert_eq!(text(mixed, Some("text/xml; charset=iso-8859-1")), "Größe Straße");
        assert_eq!(text(b"a\xe2\x93b\xc3\xb6", None), "a\u{fffd}bö");
        assert_eq!(text("a\u{96}b".as_bytes(), None), "a–b");
    }

    #[test]
    fn pages_are_told_from_feeds() {
        assert_eq!(shape(" \n"), Shape::Empty);
        assert_eq!(shape("<!DOCTYPE html><html><body>"), Shape::Page);
        assert_eq!(shape("<br />\n<b>Warning</b><?xml version='1.0'?><rss>"), Shape::Markup);
        assert_eq!(shape(" {\"a\":1}"), Shape::Json);
        assert_eq!(shape("plain"), Shape::Nothing);
    }
}
