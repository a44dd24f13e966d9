//! Character references (`&auml;`, `&#228;`) in XML that borrows HTML's names.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::model::{Budget, Resource};

/// Longest reference that is looked at: HTML's longest name has 31 letters.
const LONGEST: usize = 34;

/// Names and values that a document declares for itself.
pub(super) type Declared = HashMap<String, String>;

/// A reference at the beginning of a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reference<'a> {
    /// One of XML's own five; written as it stands.
    Own(&'a str),
    /// Any other that means something.
    Characters(String),
    /// A number that is no character.
    Nothing,
    /// Not a reference: a bare ampersand.
    Bare,
}

/// Reads the reference with which `text` begins (at its `&`), and its length in bytes.
/// Only with a semicolon: `?a=1&copy=2` is a link, not a copyright sign.
///
/// What a document declares itself is replaced only while `budget` has bytes for it.
pub(super) fn read<'a>(
    text: &'a str,
    declared: &Declared,
    budget: &Budget,
) -> (Reference<'a>, usize) {
    let bytes = text.as_bytes();
    let end = bytes
        .iter()
        .take(LONGEST)
        .skip(1)
        .position(|byte| {
            !(byte.is_ascii_alphanumeric() || matches!(byte, b'#' | b'_' | b'-' | b'.'))
        })
        .map_or(bytes.len(), |found| found + 1);
    if bytes.get(end) != Some(&b';') || end < 2 {
        return (Reference::Bare, 1);
    }
    let whole = text.get(..=end).unwrap_or_default();
    let name = text.get(1..end).unwrap_or_default();
    let length = end + 1;
    if matches!(name, "amp" | "lt" | "gt" | "quot" | "apos") {
        return (Reference::Own(whole), length);
    }
    if let Some(value) = declared.get(name) {
        let is_paid = budget.spend(Resource::Expansions, 1).is_ok()
            && budget.spend(Resource::Bytes, value.len()).is_ok();
        let meaning = is_paid.then(|| Reference::Characters(value.clone()));
        return (meaning.unwrap_or(Reference::Nothing), length);
    }
    if let Some(number) = name.strip_prefix('#') {
        return number_meaning(number)
            .map_or((Reference::Bare, 1), |reference| (reference, length));
    }
    let meaning = htmlize::unescape(whole);
    if meaning == whole || meaning.ends_with(';') {
        return (Reference::Bare, 1);
    }
    (Reference::Characters(meaning.into_owned()), length)
}

fn number_meaning(number: &str) -> Option<Reference<'static>> {
    let digits = number.strip_prefix(['x', 'X']);
    let code = match digits {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => number.parse(),
    };
    let all_digits = digits.unwrap_or(number).bytes().all(|byte| byte.is_ascii_hexdigit());
    let Ok(code) = code else {
        // Digits that are too many for a character, not a bare `&#;`.
        let has_digits = !digits.unwrap_or(number).is_empty();
        return (all_digits && has_digits).then_some(Reference::Nothing);
    };
    Some(match code {
        // Numbers of windows-1252, as browsers take them.
        0x80..=0x9f => Reference::Characters(windows_1252(code)),
        0x9 | 0xa | 0xd => Reference::Characters(" ".to_owned()),
        0..=0x1f | 0x7f | 0xfffe | 0xffff => Reference::Nothing,
        _ => char::from_u32(code)
            .map_or(Reference::Nothing, |c| Reference::Characters(c.to_string())),
    })
}

/// Returns the character of a byte of windows-1252 from 0x80 to 0x9f; empty for its five gaps.
pub(super) fn windows_1252(code: u32) -> String {
    let Ok(byte) = u8::try_from(code) else { return String::new() };
    let bytes = [byte];
    let (text, _) = encoding_rs::WINDOWS_1252.decode_without_bom_handling(&bytes);
    text.chars().filter(|c| !c.is_control()).collect()
}

/// Returns text with every reference replaced by what it means, once.
pub(super) fn decode<'a>(text: &'a str, declared: &Declared, budget: &Budget) -> Cow<'a, str> {
    let Some(first) = text.find('&') else { return Cow::Borrowed(text) };
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    let mut next = Some(first);
    while let Some(at) = next {
        let (head, tail) = rest.split_at(at);
        decoded.push_str(head);
        let (reference, length) = read(tail, declared, budget);
        match reference {
            Reference::Own(whole) => decoded.push(match whole {
                "&lt;" => '<',
                "&gt;" => '>',
                "&quot;" => '"',
                "&apos;" => '\'',
                _ => '&',
            }),
            Reference::Characters(characters) => decoded.push_str(&characters),
            Reference::Nothing => {}
            Reference::Bare => decoded.push('&'),
        }
        rest = tail.get(length..).unwrap_or_default();
        next = rest.find('&');
    }
    decoded.push_str(rest);
    Cow::Owned(decoded)
}

/// Appends `text` so that it reads as the same text inside XML or HTML.
pub(super) fn push_escaped(target: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '&' => target.push_str("&amp;"),
            '<' => target.push_str("&lt;"),
            '>' => target.push_str("&gt;"),
            _ => target.push(character),
        }
    }
}

/// Returns the entities that the internal subset of a document's DOCTYPE declares:
/// short literal ones only. A value is never searched for further references,
/// so nothing grows, and nothing outside is ever asked.
pub(super) fn declared(text: &str, budget: &Budget) -> Declared {
    let mut found = Declared::new();
    let head = text.get(..text.floor_char_boundary(65_536)).unwrap_or(text);
    let Some(start) = head.find("<!DOCTYPE") else { return found };
    let Some(open) = head.get(start..).and_then(|rest| rest.find(['[', '>'])) else { return found };
    let subset = head.get(start + open..).unwrap_or_default();
    if !subset.starts_with('[') {
        return found;
    }
    for declaration in subset.split("<!ENTITY").skip(1).take(256) {
        let declaration = declaration.trim_start();
        let Some((name, rest)) = declaration.split_once(char::is_whitespace) else { continue };
        let rest = rest.trim_start();
        let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) else { continue };
        let Some((value, _)) = rest.get(1..).and_then(|inner| inner.split_once(quote)) else {
            continue;
        };
        if name != "%" && value.len() <= 1024 {
            let value = decode(value, &Declared::new(), budget).into_owned();
            found.entry(name.to_owned()).or_insert(value);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_mean_what_browsers_take_them_for() {
        for (text, expected) in [
            ("Stra&szlig;e&nbsp;1", "Straße\u{a0}1"),
            ("a=1&copy=1&x", "a=1&copy=1&x"),
            ("&#223; &#xDF; &#XDF; &#150; &#x96;", "ß ß ß – –"),
            ("&#0;&#xD800;&#xFFFF;&#x110000;&#99999999999;", ""),
            ("&#; &#x; &nosuch; &; & &amp;amp;", "&#; &#x; &nosuch; &; & &amp;"),
            ("&lt;p&gt;", "<p>"),
        ] {
            assert_eq!(
                decode(text, &Declared::new(), &Budget::for_document(0)),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn declared_entities_are_taken_literally_and_do_not_grow() {
        let bomb = "<!DOCTYPE r [<!ENTITY a \"lol\"><!ENTITY b \"&a;&a;\"><!ENTITY % p 'x'><!ENTITY f SYSTEM 'file:///etc/passwd'>]>";
        let budget = Budget::for_document(bomb.len());
        let declared = declared(bomb, &budget);
        assert_eq!(decode("&b; &f; &a;", &declared, &budget), "&a;&a; &f; lol");
    }

    #[test]
    fn an_entity_that_is_used_everywhere_runs_out_of_bytes() {
        let declared = Declared::from([("a".to_owned(), "A".repeat(1000))]);
        let text = "&a;".repeat(100_000);
        let budget = Budget::for_document(text.len());
        let decoded = decode(&text, &declared, &budget);
        assert!(decoded.len() <= 4 * text.len() + (4 << 20), "{}", decoded.len());
        assert_eq!(budget.check().unwrap_err().resource, Resource::Bytes);
    }
}
