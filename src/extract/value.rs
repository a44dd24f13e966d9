//! The content of an element as text or as HTML, by what its type says.

use std::borrow::Cow;

use base64::Engine as _;

use super::markup::{Dialect, Token, Tokens, attribute};
use super::reference::{self, Declared, push_escaped};
use crate::model::Budget;

/// How content without a type is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Default {
    /// HTML if it looks so or came as markup; RSS and Atom differ, their writers do not.
    Guess,
    Html,
}

/// Content, and whether it is HTML or plain text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// The content, trimmed.
    pub(super) content: String,
    pub(super) is_html: bool,
}

/// Returns text with its references decoded once.
pub(super) fn decoded(text: &str) -> Cow<'_, str> {
    // Where nothing is declared, no reference is longer than what it stands for.
    reference::decode(text, &Declared::new(), &Budget::for_document(text.len()))
}

/// Returns the text inside an element, tags left out.
pub(super) fn text(inside: &str, budget: &Budget) -> String {
    if !inside.contains('<') {
        return decoded(inside).trim().to_owned();
    }
    let mut text = String::with_capacity(inside.len());
    for token in Tokens::new(inside, Dialect::Xml, budget) {
        match token {
            Token::Text(piece) => text.push_str(&decoded(piece)),
            Token::Cdata(piece) => text.push_str(piece),
            Token::Start { .. } | Token::End { .. } => {}
        }
    }
    text.trim().to_owned()
}

/// Returns the inside of the first child element of that name, with or without a prefix.
pub(super) fn child<'a>(inside: &'a str, name: &str, budget: &Budget) -> Option<&'a str> {
    let mut tokens = Tokens::new(inside, Dialect::Xml, budget);
    let mut start = None;
    loop {
        let before = tokens.position();
        match tokens.next()? {
            Token::Start { name: found, is_empty: false, .. } if is_named(found, name) => {
                start = Some(tokens.position());
            }
            Token::End { name: found } if is_named(found, name) => {
                return inside.get(start?..before);
            }
            _ => {}
        }
    }
}

fn is_named(found: &str, name: &str) -> bool {
    found.rsplit(':').next().is_some_and(|local| local.eq_ignore_ascii_case(name))
}

/// Reads the inside of an element with the type that its attributes give
/// (Atom's `type`, Atom 0.3's `type` and `mode`).
pub(super) fn read(inside: &str, attributes: &str, default: Default, budget: &Budget) -> Found {
    let kind = attribute(attributes, "type").map(|kind| kind.trim().to_ascii_lowercase());
    let mode = attribute(attributes, "mode").map(str::trim);
    let keeps_sections = kind.as_deref().is_some_and(|kind| kind.contains("xhtml"));
    let has_tags = inside.contains('<') && has_elements(inside, budget);
    if has_tags {
        return Found { content: markup(inside, keeps_sections, budget), is_html: true };
    }
    let content = text(inside, budget);
    if is_base64(kind.as_deref(), mode)
        && let Some(content) = unpacked(&content)
    {
        return Found { is_html: looks_like_html(&content), content };
    }
    let is_html = match kind.as_deref() {
        Some("text" | "text/plain" | "plain") => default == Default::Html,
        Some(kind) if kind.contains("html") || kind.contains("xml") => true,
        Some(_) | None => default == Default::Html || looks_like_html(&content),
    };
    Found { content, is_html }
}

fn has_elements(inside: &str, budget: &Budget) -> bool {
    Tokens::new(inside, Dialect::Xml, budget).any(|token| matches!(token, Token::Start { .. }))
}

/// Returns whether a text that may be plain is HTML: it has a tag's end or a reference.
fn looks_like_html(content: &str) -> bool {
    let has_tag = content.contains("</")
        || content.contains("/>")
        || ["<br", "<p>", "<img", "<a ", "<hr", "<li", "<div"]
            .iter()
            .any(|tag| content.contains(tag));
    has_tag || (content.contains('&') && decoded(content) != content)
}

fn is_base64(kind: Option<&str>, mode: Option<&str>) -> bool {
    if mode.is_some_and(|mode| mode.eq_ignore_ascii_case("base64")) {
        return true;
    }
    // Atom 1.0: what is neither text nor XML is packed.
    mode.is_none()
        && kind.is_some_and(|kind| {
            kind.contains('/')
                && !kind.starts_with("text/")
                && !kind.ends_with("xml")
                && !kind.contains("html")
                && kind != "application/json"
        })
}

fn unpacked(content: &str) -> Option<String> {
    let packed: String = content.chars().filter(|c| !c.is_whitespace()).collect();
    let bytes = base64::engine::general_purpose::STANDARD.decode(packed).ok()?;
    String::from_utf8(bytes).ok()
}

/// Returns inline markup as HTML: prefixes dropped, and the `div` that Atom demands round it.
fn markup(inside: &str, keeps_sections: bool, budget: &Budget) -> String {
    let mut html = String::with_capacity(inside.len());
    for token in Tokens::new(inside, Dialect::Xml, budget) {
        match token {
            Token::Start { name, attributes, is_empty } => {
                html.push('<');
                html.push_str(name.rsplit(':').next().unwrap_or(name));
                html.push_str(attributes.trim_end());
                html.push_str(if is_empty { "/>" } else { ">" });
            }
            Token::End { name } => {
                html.push_str("</");
                html.push_str(name.rsplit(':').next().unwrap_or(name));
                html.push('>');
            }
            Token::Cdata(text) if keeps_sections => push_escaped(&mut html, text),
            Token::Cdata(text) | Token::Text(text) => html.push_str(text),
        }
    }
    let trimmed = html.trim();
    trimmed.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_is_what_its_type_says() {
        for (inside, attributes, content, is_html) in [
            ("a &lt;b&gt;c&lt;/b&gt;", "", "a <b>c</b>", true),
            ("a &amp; b", "", "a & b", false),
            ("a &lt; b", " type='text'", "a < b", false),
            ("a &amp;amp; b", " type=\"html\"", "a &amp; b", true),
            ("<![CDATA[<p>a</p>]]>", " type='text/html' mode='escaped'", "<p>a</p>", true),
            (
                "<h:div xmlns:h='x'><h:p>a &lt; b</h:p></h:div>",
                " type='xhtml'",
                "<div xmlns:h='x'><p>a &lt; b</p></div>",
                true,
            ),
            ("PHA+YTwvcD4=", " mode='base64' type='text/html'", "<p>a</p>", true),
            ("Straße <b>gesperrt</b>", "", "Straße <b>gesperrt</b>", true),
        ] {
            let found = read(inside, attributes, Default::Guess, &Budget::for_document(0));
            assert_eq!((found.content.as_str(), found.is_html), (content, is_html), "{inside}");
        }
    }

    #[test]
    fn children_are_found_with_any_prefix() {
        let budget = Budget::for_document(0);
        assert_eq!(
            child(" <a:name>Presse</a:name><email>x</email>", "name", &budget),
            Some("Presse")
        );
        assert_eq!(child("<name>Presse", "name", &budget), None);
    }
}
