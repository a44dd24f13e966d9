//! Small repairs of a feed's text, so that a strict parser can read it.
//!
//! Only what is safe without knowing the structure: characters, references,
//! what stands before and after the root, and the root's own tag. What needs
//! more (other vocabularies, torn tags) is the fallback's.

use super::markup::{Dialect, Token, Tokens, attributes};
use super::reference::{self, Declared, Reference, push_escaped};
use crate::model::Budget;

/// Prefixes that feeds use without declaring them.
const PREFIXES: &[(&str, &str)] = &[
    ("atom", "http://www.w3.org/2005/Atom"),
    ("content", "http://purl.org/rss/1.0/modules/content/"),
    ("dc", "http://purl.org/dc/elements/1.1/"),
    ("media", "http://search.yahoo.com/mrss/"),
    ("rdf", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"),
];

/// Returns `text` from its root on, with characters and references that XML knows.
/// Nothing if there is no root.
pub(super) fn repair(text: &str, budget: &Budget) -> Option<String> {
    let declared = &reference::declared(text, budget);
    let start = root_start(text, budget)?;
    let body = text.get(start..)?;
    let mut repaired = String::with_capacity(body.len() + body.len() / 16 + 256);
    let tokens = Tokens::new(body, Dialect::Xml, budget);
    let mut is_root = true;
    for token in tokens {
        match token {
            Token::Start { name, attributes, is_empty } => {
                if is_root {
                    is_root = false;
                    push_root(&mut repaired, body, name, attributes, declared, budget);
                } else {
                    push_tag(&mut repaired, name, attributes, declared, budget);
                }
                repaired.push_str(if is_empty { "/>" } else { ">" });
            }
            Token::End { name } => {
                repaired.push_str("</");
                repaired.push_str(name);
                repaired.push('>');
                if matches!(name, "rss" | "feed" | "rdf:RDF") {
                    break;
                }
            }
            Token::Text(text) => push_text(&mut repaired, text, declared, budget),
            Token::Cdata(text) => {
                repaired.push_str("<![CDATA[");
                push_without_controls(&mut repaired, text);
                repaired.push_str("]]>");
            }
        }
    }
    Some(repaired)
}

/// Returns the byte at which the root's start tag begins: the first of a feed's roots
/// after whatever stands before it, else the first tag.
fn root_start(text: &str, budget: &Budget) -> Option<usize> {
    const ROOTS: &[&str] = &["rss", "feed", "rdf:rdf", "rdf", "channel", "entry", "item"];
    let mut tokens = Tokens::new(text, Dialect::Xml, budget);
    let mut first = None;
    let mut from = tokens.position();
    // Junk before a root is a message or two; a document of another kind need not be searched.
    for _ in 0..2000 {
        let Some(token) = tokens.next() else { break };
        if let Token::Start { name, .. } = token {
            // Comments and declarations that were skipped lie between `from` and the tag.
            let skipped =
                text.get(from..tokens.position()).and_then(|span| span.rfind(&format!("<{name}")));
            let at = from + skipped.unwrap_or(0);
            let lower = name.to_ascii_lowercase();
            let local = lower.rsplit(':').next().unwrap_or_default();
            if ROOTS.contains(&lower.as_str()) || ROOTS.contains(&local) {
                return Some(at);
            }
            first.get_or_insert(at);
        }
        from = tokens.position();
    }
    first
}

fn push_root(
    target: &mut String,
    body: &str,
    name: &str,
    inside: &str,
    declared: &Declared,
    budget: &Budget,
) {
    let is_rss = name == "rss";
    target.push('<');
    target.push_str(name);
    if is_rss {
        target.push_str(" version=\"2.0\"");
    }
    let mut known: Vec<&str> = Vec::new();
    for (key, value) in attributes(inside).take(64) {
        // A default namespace on `rss` hides its elements; `version` is ours.
        if is_rss && matches!(key, "xmlns" | "version") {
            continue;
        }
        if let Some(prefix) = key.strip_prefix("xmlns:") {
            known.push(prefix);
        }
        push_attribute(target, key, value, declared, budget);
    }
    for (prefix, uri) in PREFIXES {
        if !known.contains(prefix) && body.contains(&format!("<{prefix}:")) {
            push_attribute(target, &format!("xmlns:{prefix}"), uri, declared, budget);
        }
    }
}

fn push_tag(target: &mut String, name: &str, inside: &str, declared: &Declared, budget: &Budget) {
    target.push('<');
    target.push_str(name);
    if inside.trim().is_empty() {
        return;
    }
    for (key, value) in attributes(inside).take(256) {
        push_attribute(target, key, value, declared, budget);
    }
}

fn push_attribute(
    target: &mut String,
    name: &str,
    value: &str,
    declared: &Declared,
    budget: &Budget,
) {
    target.push(' ');
    target.push_str(name);
    target.push_str("=\"");
    let start = target.len();
    push_text(target, value, declared, budget);
    if target.get(start..).is_some_and(|value| value.contains('"')) {
        let value = target.split_off(start).replace('"', "&quot;");
        target.push_str(&value);
    }
    target.push('"');
}

fn push_text(target: &mut String, text: &str, declared: &Declared, budget: &Budget) {
    let mut rest = text;
    while let Some(at) = rest.find(['&', '<', '>']) {
        let (head, tail) = rest.split_at(at);
        push_without_controls(target, head);
        let length = match tail.as_bytes().first() {
            Some(b'<') => {
                target.push_str("&lt;");
                1
            }
            Some(b'>') => {
                target.push_str("&gt;");
                1
            }
            _ => {
                let (reference, length) = reference::read(tail, declared, budget);
                match reference {
                    Reference::Own(whole) => target.push_str(whole),
                    Reference::Characters(characters) => push_escaped(target, &characters),
                    Reference::Nothing => {}
                    Reference::Bare => target.push_str("&amp;"),
                }
                length
            }
        };
        rest = tail.get(length..).unwrap_or_default();
    }
    push_without_controls(target, rest);
}

fn push_without_controls(target: &mut String, text: &str) {
    if text.bytes().any(|byte| byte < 0x20 && !matches!(byte, b'\n' | b'\t' | b'\r')) {
        target.extend(text.chars().filter(|c| *c >= ' ' || matches!(c, '\n' | '\t' | '\r')));
    } else {
        target.push_str(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_and_references_become_sound() {
        for (inside, expected) in [
            ("a & b &nbsp;&auml;", "a &amp; b \u{a0}ä"),
            ("x?a=1&b=2&copy=3", "x?a=1&amp;b=2&amp;copy=3"),
            ("&#150;&#0;\u{2}&lt;", "–&lt;"),
            ("a < b > c", "a &lt; b &gt; c"),
            ("<![CDATA[a & \u{2}b]]>", "<![CDATA[a & b]]>"),
            ("<b c='\"'/>", "<b c=\"&quot;\"/>"),
        ] {
            let repaired = repair(&format!("<feed>{inside}</feed> junk"), &Budget::for_document(0));
            assert_eq!(repaired, Some(format!("<feed>{expected}</feed>")), "{inside}");
        }
    }

    #[test]
    fn the_root_loses_what_stands_before_it_and_gets_its_namespaces() {
        assert_eq!(
            repair("<b>Warning</b>: x<?xml version='1.0' encoding='x'?><rss xmlns='y' version='2.00'><dc:date/></rss>", &Budget::for_document(0)).as_deref(),
            Some("<rss version=\"2.0\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><dc:date/></rss>")
        );
        assert_eq!(repair("no markup", &Budget::for_document(0)), None);
    }
}
