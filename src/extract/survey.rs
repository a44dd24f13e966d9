//! A first look at a feed's text: what is in it, and what has to be mended.
//!
//! One pass over the bytes, far cheaper than a parse, so that a sound feed goes
//! to feed-rs untouched.

use super::markup::attribute;
use crate::model::{Budget, Exhausted};

/// What the pass has seen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Survey {
    /// Start tags of any name.
    pub(super) tags: usize,
    /// Bytes of all that `xml:base` says.
    pub(super) base_bytes: usize,
    /// Start tags of `item` and `entry`, whatever their prefix.
    pub(super) entries: usize,
    /// Name of the root as written; empty if there is none.
    pub(super) root: String,
    /// The root is `rss` of a version that feed-rs takes, without a default namespace.
    pub(super) is_plain_rss: bool,
    /// A character or reference that XML does not know, or a bare `&`.
    pub(super) has_bad_text: bool,
    /// Where a declaration at the very beginning ends that names another charset
    /// than UTF-8, which the text no longer has.
    pub(super) declaration: Option<usize>,
    /// `rdf:about` of each item of RSS 1.0: its id, which feed-rs does not tell.
    pub(super) abouts: Vec<String>,
    /// Something stands before the root that must not, or a later declaration.
    pub(super) has_bad_prolog: bool,
    /// Elements of HTML among those of the feed.
    pub(super) has_naked_markup: bool,
    /// Files hang on entries.
    pub(super) has_enclosures: bool,
    /// An author's element with an e-mail address beside characters on which feed-rs 3.0 panics.
    pub(super) has_risky_author: bool,
    /// `dc:date` or `dcterms:…` and the format's own dates.
    pub(super) dates: Dates,
}

/// Which kinds of date elements there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Dates {
    /// `pubDate`, `published`, `issued`, `updated`, `modified`.
    pub(super) own: bool,
    /// Those of Dublin Core, and `created`.
    pub(super) foreign: bool,
}

/// Looks over `text`: a few steps for each byte.
pub(super) fn survey(text: &str, budget: &Budget) -> Result<Survey, Exhausted> {
    budget.step(text.len() * 4)?;
    let found = look(text);
    budget.step(found.tags)?;
    Ok(found)
}

fn look(text: &str) -> Survey {
    let bytes = text.as_bytes();
    let mut found = Survey {
        has_bad_text: has_control(bytes),
        base_bytes: base_bytes(bytes),
        ..Survey::default()
    };
    let mut at = 0;
    // feed-rs wants the declaration or the root first; blanks before it are harmless
    // only without a declaration.
    let begins_with_blank = bytes.first().is_some_and(|byte| *byte != b'<');
    // XHTML inside Atom is no naked markup: what an element's content may hold is its type's matter.
    let mut is_atom = false;
    let mut has_doctype = false;
    while let Some(step) = bytes.get(at..).and_then(|rest| memchr::memchr2(b'<', b'&', rest)) {
        at += step;
        let rest = bytes.get(at..).unwrap_or_default();
        if rest.first() == Some(&b'&') {
            found.has_bad_text |= !is_own_reference(rest);
            at += 1;
            continue;
        }
        match rest.get(1) {
            Some(b'!') if rest.starts_with(b"<![CDATA[") => {
                if let Some(length) = memchr::memmem::find(rest, b"]]>") {
                    at += length;
                } else {
                    found.has_bad_text = true;
                    return found;
                }
            }
            Some(b'!') if rest.starts_with(b"<!--") => {
                if let Some(length) = text.get(at + 4..).and_then(|rest| rest.find("-->")) {
                    at += length + 4;
                } else {
                    found.has_bad_text = true;
                    return found;
                }
            }
            Some(b'!') => {
                // A DOCTYPE may declare entities, which feed-rs does not read.
                let is_in_prolog = found.root.is_empty() && !found.has_bad_prolog;
                if is_in_prolog && is_doctype(rest) {
                    let head = rest.get(..512.min(rest.len())).unwrap_or_default();
                    // A second one is as bad, and need not be looked into.
                    found.has_bad_prolog = has_doctype || head.contains(&b'[');
                    has_doctype = true;
                }
                at += 2;
            }
            Some(b'?') => {
                let is_declaration =
                    rest.get(2..5).is_some_and(|name| name.eq_ignore_ascii_case(b"xml"))
                        && rest.get(5).is_some_and(u8::is_ascii_whitespace);
                if is_declaration {
                    found.has_bad_prolog |= at > 0;
                    if at == 0 && !declares_utf8(rest) {
                        found.declaration = text.find("?>").map(|end| end + 2);
                        found.has_bad_prolog |= found.declaration.is_none();
                    }
                }
                at += 2;
            }
            Some(b'/') => at += 2,
            Some(byte) if byte.is_ascii_alphabetic() || *byte == b'_' => {
                let name = rest.get(1..).unwrap_or_default();
                let length = name.iter().position(|byte| is_name_end(*byte)).unwrap_or(name.len());
                let name = name.get(..length).unwrap_or_default();
                if found.root.is_empty() {
                    found.has_bad_prolog |= begins_with_blank
                        && at > 0
                        && !text.get(..at).unwrap_or_default().trim().is_empty();
                    found.root = String::from_utf8_lossy(name).into_owned();
                    found.is_plain_rss = is_plain_rss(text.get(at..).unwrap_or_default());
                    is_atom = name.eq_ignore_ascii_case(b"feed");
                }
                found.tags += 1;
                note_element(&mut found, name, is_atom);
                if name == b"item"
                    && found.root.ends_with("RDF")
                    && found.abouts.len() < super::fallback::MOST_ENTRIES
                {
                    found.abouts.push(about(text.get(at + 1 + length..).unwrap_or_default()));
                }
                found.has_risky_author |= is_risky_author(name, rest);
                at += 1 + length;
            }
            _ => {
                found.has_bad_text = true;
                at += 1;
            }
        }
    }
    found
}

/// Returns how many bytes all attributes `xml:base` have together. feed-rs joins those of
/// nested elements and keeps a copy for each element inside.
fn base_bytes(bytes: &[u8]) -> usize {
    let mut sum = 0;
    let mut tag_end = 0;
    for at in memchr::memmem::find_iter(bytes, b"xml:base") {
        // Several of one tag are counted together, so that no byte is looked at twice.
        if at >= tag_end {
            let rest = bytes.get(at..).unwrap_or_default();
            tag_end = at + memchr::memchr2(b'<', b'>', rest).unwrap_or(rest.len());
            sum += tag_end - at;
        }
    }
    sum
}

fn is_doctype(text: &[u8]) -> bool {
    text.get(..9).is_some_and(|name| name.eq_ignore_ascii_case(b"<!DOCTYPE"))
}

/// Returns the `rdf:about` of a start tag, from behind its name on; empty if it has none.
fn about(rest: &str) -> String {
    let inside = rest.split(['>', '<']).next().unwrap_or_default();
    attribute(inside, "rdf:about")
        .map(|about| super::value::decoded(about).trim().to_owned())
        .unwrap_or_default()
}

fn is_plain_rss(tag: &str) -> bool {
    let inside = tag.split('>').next().unwrap_or_default().get(4..).unwrap_or_default();
    let version = attribute(inside, "version");
    tag.starts_with("<rss")
        && matches!(version, Some("2.0" | "0.91" | "0.92"))
        && attribute(inside, "xmlns").is_none()
}

/// Returns whether the element that begins `text` names a person with an address
/// between characters that are not ASCII, or may not be once decoded.
fn is_risky_author(name: &[u8], text: &[u8]) -> bool {
    let local = name.rsplit(|byte| *byte == b':').next().unwrap_or_default();
    if !matches!(local, b"author" | b"creator" | b"managingEditor" | b"webMaster" | b"name") {
        return false;
    }
    let inside = text.get(1..text.len().min(1000)).unwrap_or_default();
    // Up to the next tag; a CDATA section is none.
    let end = inside.windows(2).position(|pair| pair.first() == Some(&b'<') && pair != b"<!");
    let end = end.unwrap_or(inside.len());
    let inside = inside.get(..end).unwrap_or_default();
    inside.contains(&b'@') && inside.iter().any(|byte| *byte == b'&' || !byte.is_ascii())
}

fn note_element(found: &mut Survey, name: &[u8], is_atom: bool) {
    let (prefix, local) = match name.iter().position(|byte| *byte == b':') {
        Some(colon) => {
            (name.get(..colon).unwrap_or_default(), name.get(colon + 1..).unwrap_or_default())
        }
        None => (&[][..], name),
    };
    match local {
        b"item" | b"entry" | b"ITEM" | b"Item" | b"Entry" => found.entries += 1,
        b"pubDate" | b"published" | b"issued" | b"updated" | b"modified" if prefix.is_empty() => {
            found.dates.own = true;
        }
        b"enclosure" | b"content" => found.has_enclosures = true,
        b"date" | b"created" | b"issued" | b"modified" => found.dates.foreign = true,
        b"p" | b"b" | b"br" | b"i" | b"em" | b"strong" | b"a" | b"div" | b"span" | b"ul"
        | b"ol" | b"li" | b"img" | b"h2" | b"h3" | b"u" | b"sup" | b"sub" | b"font" | b"table"
        | b"body"
            if prefix.is_empty() && !is_atom =>
        {
            found.has_naked_markup = true;
        }
        _ => {}
    }
}

fn is_name_end(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>' | b'<')
}

/// Where a declaration is looked for: what comes later no parser believes.
const DECLARATION: usize = 1024;

fn declares_utf8(declaration: &[u8]) -> bool {
    let head = declaration.get(..declaration.len().min(DECLARATION)).unwrap_or_default();
    let end = head.iter().position(|byte| *byte == b'>').unwrap_or(head.len());
    let head = String::from_utf8_lossy(head.get(..end).unwrap_or_default()).to_ascii_lowercase();
    !head.contains("encoding") || head.contains("\"utf-8\"") || head.contains("'utf-8'")
}

/// Returns whether it is one of XML's own five, or a number that stands for a character of XML.
fn is_own_reference(text: &[u8]) -> bool {
    [&b"&amp;"[..], b"&lt;", b"&gt;", b"&quot;", b"&apos;"].iter().any(|own| text.starts_with(own))
        || is_sound_number(text)
}

fn is_sound_number(text: &[u8]) -> bool {
    let Some(rest) = text.strip_prefix(b"&#") else { return false };
    let (digits, radix) = match rest.strip_prefix(b"x") {
        Some(digits) => (digits, 16),
        None => (rest, 10),
    };
    let Some(end) = digits.iter().take(8).position(|byte| *byte == b';') else { return false };
    let number = digits.get(..end).and_then(|digits| std::str::from_utf8(digits).ok());
    let Some(code) = number.and_then(|number| u32::from_str_radix(number, radix).ok()) else {
        return false;
    };
    matches!(code, 0x9 | 0xa | 0xd | 0x20..=0x7e | 0xa0..=0xd7ff | 0xe000..=0xfffd | 0x1_0000..=0x10_ffff)
}

/// Returns whether there is a control character that XML does not allow.
fn has_control(bytes: &[u8]) -> bool {
    let control = |byte: u8| byte < 0x20 && byte != b'\n' && byte != b'\t' && byte != b'\r';
    // Gathered, not searched: without an early exit the compiler takes many bytes at a time.
    bytes
        .chunks(4096)
        .any(|chunk| chunk.iter().fold(0, |any, byte| any | u8::from(control(*byte))) > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sound_feed_needs_nothing() {
        let found = look(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<!-- a & b --><rss version=\"2.0\"><channel><item><title>A &amp; B &#223;</title>\
             <description><![CDATA[<p>&nbsp;</p>]]></description><pubDate>x</pubDate></item></channel></rss>",
        );
        assert_eq!(
            found,
            Survey {
                tags: 6,
                entries: 1,
                root: "rss".to_owned(),
                is_plain_rss: true,
                dates: Dates { own: true, foreign: false },
                ..Survey::default()
            }
        );
    }

    #[test]
    fn what_must_be_mended_is_seen() {
        for text in [
            "<rss>a & b</rss>",
            "<rss>&nbsp;</rss>",
            "<rss>&#150;</rss>",
            "<rss>&#0;</rss>",
            "<rss>\u{2}</rss>",
            "<rss>a < b</rss>",
            "<rss><![CDATA[x</rss>",
        ] {
            assert!(look(text).has_bad_text, "{text}");
        }
        assert_eq!(look("<?xml version='1.0' encoding='latin1'?><rss/>").declaration, Some(39));
        let long = format!("<?xml version='1.0{}' encoding='euc-kr'?><rss/>", "š".repeat(98));
        assert_eq!(look(&long).declaration, Some(long.len() - 6));
        for text in
            ["\n<?xml version='1.0'?><rss/>", "Warning <rss/>", "<rss><?xml encoding='x'?></rss>"]
        {
            assert!(look(text).has_bad_prolog, "{text}");
        }
        assert!(look("<rss><author>Presse&#160;a@b.example</author></rss>").has_risky_author);
        assert!(!look("<rss><author>a@b.example (Presse)</author></rss>").has_risky_author);
        assert!(look("<rss><title>a <b>c</b></title></rss>").has_naked_markup);
        assert_eq!(look("<rss:item/><entry><entries/>").entries, 2);
    }
}
