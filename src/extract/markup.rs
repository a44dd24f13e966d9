//! Tags and texts of a document that may be anything: XML, HTML or torn.
//!
//! A tokenizer, no parser: it knows no nesting and refuses nothing. Neither
//! quick-xml (errs on the first bare `<`) nor html5ever's tokenizer (compares
//! each attribute of a tag with all before it, quadratic on hostile bytes) fits.
//! Every search that may run to the end of the document remembers where it
//! ended, so that the whole is linear.

use crate::model::Budget;

/// A piece of markup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// A start tag.
    Start {
        /// Its name with its prefix, as written.
        name: &'a str,
        /// What stands between the name and the end of the tag.
        attributes: &'a str,
        /// It ends with `/>`.
        is_empty: bool,
    },
    /// An end tag.
    End {
        /// Its name with its prefix, as written.
        name: &'a str,
    },
    /// Text with its references.
    Text(&'a str),
    /// The inside of a CDATA section.
    Cdata(&'a str),
}

/// Whose rules hold where XML and HTML differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// CDATA sections; no `<` inside a quoted value.
    Xml,
    /// No CDATA sections; `<` may stand inside a quoted value.
    Html,
}

/// The next place of a string, kept until the reading has passed it.
#[derive(Debug)]
struct Ahead {
    needle: &'static str,
    found: Option<usize>,
    looked: bool,
}

impl Ahead {
    const fn new(needle: &'static str) -> Self {
        Self { needle, found: None, looked: false }
    }

    /// Returns the first place of the needle at or after `from`, which never decreases.
    /// The bytes that are searched are steps of `budget`.
    fn find(&mut self, text: &str, from: usize, budget: &Budget) -> Option<usize> {
        let stale = self.found.is_some_and(|at| at < from);
        if !self.looked || stale {
            self.looked = true;
            self.found =
                text.get(from..).and_then(|rest| rest.find(self.needle)).map(|at| at + from);
            // What ran out is seen when the next token is asked for.
            let _ = budget.step(self.found.unwrap_or(text.len()).saturating_sub(from));
        }
        self.found
    }
}

/// Reads tokens one after the other.
#[derive(Debug)]
pub(super) struct Tokens<'a, 'b> {
    text: &'a str,
    at: usize,
    dialect: Dialect,
    comment_end: Ahead,
    section_start: Ahead,
    section_end: Ahead,
    instruction_end: Ahead,
    subset_end: Ahead,
    tag_end: Ahead,
    double_quote: Ahead,
    single_quote: Ahead,
    budget: &'b Budget,
}

impl<'a, 'b> Tokens<'a, 'b> {
    /// Reads `text` from its beginning. Each byte looked at is a step of `budget`; when
    /// none are left, the tokens end.
    pub(super) fn new(text: &'a str, dialect: Dialect, budget: &'b Budget) -> Self {
        Self {
            text,
            at: 0,
            dialect,
            comment_end: Ahead::new("-->"),
            section_start: Ahead::new("<![CDATA["),
            section_end: Ahead::new("]]>"),
            instruction_end: Ahead::new("?>"),
            subset_end: Ahead::new("]"),
            tag_end: Ahead::new(">"),
            double_quote: Ahead::new("\""),
            single_quote: Ahead::new("'"),
            budget,
        }
    }

    /// Returns the byte at which the next token begins.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// Goes on behind the next `</name`, in any case of letters; to the end
    /// if there is none. For elements whose inside is no markup.
    pub(super) fn skip_past_end_of(&mut self, name: &str) {
        let bytes = self.text.as_bytes();
        let begin = self.at;
        let mut from = begin;
        self.at = self.text.len();
        while let Some(found) = self.text.get(from..).and_then(|rest| rest.find("</")) {
            let start = from + found + 2;
            let matches = bytes
                .get(start..start + name.len())
                .is_some_and(|candidate| candidate.eq_ignore_ascii_case(name.as_bytes()));
            if matches {
                self.at = self.after_tag(start);
                break;
            }
            from = start;
        }
        let _ = self.budget.step(self.at - begin);
    }

    fn slice(&self, from: usize, to: usize) -> &'a str {
        self.text.get(from..to).unwrap_or_default()
    }

    fn text_until_tag(&mut self, from: usize) -> Token<'a> {
        // `from` may itself stand on a `<` that begins nothing.
        let bytes = self.text.as_bytes();
        let mut end = from + usize::from(bytes.get(from) == Some(&b'<'));
        loop {
            match self.text.get(end..).and_then(|rest| rest.find('<')) {
                None => end = self.text.len(),
                Some(found) => {
                    end += found;
                    if !begins_markup(bytes.get(end + 1)) {
                        end += 1;
                        continue;
                    }
                }
            }
            self.at = end;
            return Token::Text(self.slice(from, end));
        }
    }

    /// Skips a declaration, comment or instruction that begins at `start` with
    /// `opening` bytes and ends with `end`, else with the next `>`.
    fn skip(&mut self, start: usize, end: Option<usize>, length: usize) {
        self.at = match end {
            Some(end) => end + length,
            None => self.after_tag(start),
        };
    }

    /// Returns the byte behind the next `>`, else the text's end.
    fn after_tag(&mut self, from: usize) -> usize {
        self.tag_end.find(self.text, from, self.budget).map_or(self.text.len(), |end| end + 1)
    }

    /// Returns the byte after a `<!DOCTYPE …>` and the like, with its internal subset.
    fn declaration_end(&mut self, start: usize) -> usize {
        let end = self.after_tag(start);
        let head = self.slice(start, end);
        let is_doctype =
            head.as_bytes().get(..9).is_some_and(|name| name.eq_ignore_ascii_case(b"<!DOCTYPE"));
        if !is_doctype || !head.contains('[') {
            return end;
        }
        match self.subset_end.find(self.text, start, self.budget) {
            Some(close) => self.after_tag(close.max(end - 1)),
            None => end,
        }
    }

    fn section(&mut self, start: usize) -> Token<'a> {
        let inside = start + "<![CDATA[".len();
        let end = self.section_end.find(self.text, inside, self.budget);
        let next = self.section_start.find(self.text, inside, self.budget);
        // A section that swallows the beginning of another one was not closed:
        // it ends with its element.
        let torn = match (end, next) {
            (None, _) => true,
            (Some(end), Some(next)) if next < end => self.slice(inside, next).contains("</"),
            _ => false,
        };
        if torn {
            let limit = next.or(end).unwrap_or(self.text.len());
            let stop = self.slice(inside, limit).find("</").map_or(limit, |found| inside + found);
            self.at = stop;
            return Token::Cdata(self.slice(inside, stop));
        }
        let end = end.unwrap_or(self.text.len());
        self.at = (end + "]]>".len()).min(self.text.len());
        Token::Cdata(self.slice(inside, end))
    }

    /// Returns the byte after a tag's last, and the byte at which its inside ends.
    fn tag(&mut self, from: usize) -> (usize, usize) {
        let bytes = self.text.as_bytes();
        let mut at = from;
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'>' => return (at + 1, at),
                // A tag that lacks its end.
                b'<' => return (at, at),
                // A quote begins a value only after `=`, as browsers hold it too.
                b'"' | b'\'' if follows_equals(bytes, from, at) => {
                    let quote =
                        if *byte == b'"' { &mut self.double_quote } else { &mut self.single_quote };
                    let close = quote.find(self.text, at + 1, self.budget);
                    let Some(close) = close else { break };
                    if self.dialect == Dialect::Xml
                        && bytes.get(at..close).is_some_and(|value| value.contains(&b'<'))
                    {
                        break;
                    }
                    at = close + 1;
                }
                _ => at += 1,
            }
        }
        // A quote that is never closed: the tag ends where it seems to.
        let rest = bytes.get(from..).unwrap_or_default();
        let stop = rest
            .iter()
            .position(|byte| matches!(byte, b'>' | b'<'))
            .map_or(bytes.len(), |found| from + found);
        let _ = self.budget.step(at.saturating_sub(stop));
        (stop + usize::from(bytes.get(stop) == Some(&b'>')), stop)
    }
}

fn follows_equals(bytes: &[u8], from: usize, at: usize) -> bool {
    let before = bytes.get(from..at).unwrap_or_default();
    // A bounded look back: more blanks than that are no tag anybody wrote.
    before.iter().rev().take(16).find(|byte| !byte.is_ascii_whitespace()) == Some(&b'=')
}

fn begins_markup(next: Option<&u8>) -> bool {
    next.is_some_and(|byte| {
        byte.is_ascii_alphabetic()
            || matches!(byte, b'/' | b'!' | b'?' | b'_' | b':')
            || !byte.is_ascii()
    })
}

fn is_name_end(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>' | b'<' | b'"' | b'\'' | b'=')
}

impl<'a> Iterator for Tokens<'a, '_> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let begin = self.at;
        let token = self.read();
        // One more for the token itself.
        self.budget.step(self.at.saturating_sub(begin) + 1).ok().and(token)
    }
}

impl<'a> Tokens<'a, '_> {
    fn read(&mut self) -> Option<Token<'a>> {
        loop {
            let start = self.at;
            let bytes = self.text.as_bytes();
            let first = *bytes.get(start)?;
            if first != b'<' || !begins_markup(bytes.get(start + 1)) {
                return Some(self.text_until_tag(start));
            }
            match bytes.get(start + 1) {
                Some(b'!') => {
                    let rest = bytes.get(start..).unwrap_or_default();
                    if rest.starts_with(b"<!-->") {
                        self.at = start + 5;
                    } else if rest.starts_with(b"<!--") {
                        let end = self.comment_end.find(self.text, start + 4, self.budget);
                        self.skip(start, end, 3);
                    } else if rest.starts_with(b"<![CDATA[") && self.dialect == Dialect::Xml {
                        return Some(self.section(start));
                    } else if rest.starts_with(b"<![CDATA[") {
                        // Escaped twice: its inside is what was meant.
                        self.at = start + "<![CDATA[".len();
                    } else {
                        self.at = self.declaration_end(start);
                    }
                }
                Some(b'?') => {
                    let end = match self.dialect {
                        Dialect::Xml => self.instruction_end.find(self.text, start, self.budget),
                        Dialect::Html => None,
                    };
                    self.skip(start, end, 2);
                }
                Some(b'/') => {
                    let from = start + 2;
                    let (after, end) = self.tag(from);
                    self.at = after;
                    let inside = self.slice(from, end);
                    let length = inside.bytes().position(is_name_end).unwrap_or(inside.len());
                    let name = inside.get(..length).unwrap_or_default();
                    if !name.is_empty() {
                        return Some(Token::End { name });
                    }
                }
                _ => {
                    let from = start + 1;
                    let (after, end) = self.tag(from);
                    self.at = after;
                    let inside = self.slice(from, end);
                    let length = inside.bytes().position(is_name_end).unwrap_or(inside.len());
                    let (name, attributes) = inside.split_at(length);
                    let closed = attributes
                        .strip_suffix('/')
                        .filter(|before| self.dialect == Dialect::Xml || !ends_unquoted(before));
                    let is_empty = closed.is_some();
                    let attributes = closed.unwrap_or(attributes);
                    return Some(Token::Start { name, attributes, is_empty });
                }
            }
        }
    }
}

/// Returns whether attributes end within a value without quotes: in HTML a slash behind it is
/// part of it (`<a href=/aktuell/>`).
fn ends_unquoted(attributes: &str) -> bool {
    let last = attributes.rsplit(|c: char| c.is_ascii_whitespace()).next().unwrap_or_default();
    let before = attributes.strip_suffix(last).unwrap_or_default().trim_end();
    !last.ends_with(['"', '\''])
        && (last.contains('=') || !last.is_empty() && before.ends_with('='))
}

/// Returns the attributes of a start tag: name as written, value with its references.
pub(super) fn attributes(inside: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = inside;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(|c: char| {
            c.is_ascii_whitespace() || matches!(c, '/' | '"' | '\'' | '=')
        });
        let length = rest.bytes().position(is_name_end).unwrap_or(rest.len());
        if length == 0 {
            return None;
        }
        let (name, tail) = rest.split_at(length);
        let after = tail.trim_start();
        let Some(value) = after.strip_prefix('=').map(str::trim_start) else {
            rest = tail;
            return Some((name, ""));
        };
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
        let (value, tail) = match quote {
            Some(quote) => {
                let inner = value.get(1..).unwrap_or_default();
                inner.split_once(quote).unwrap_or((inner, ""))
            }
            None => {
                value.split_at(value.find(|c: char| c.is_ascii_whitespace()).unwrap_or(value.len()))
            }
        };
        rest = tail;
        Some((name, value))
    })
}

/// Returns the value of the attribute `name`, compared without case.
pub(super) fn attribute<'a>(inside: &'a str, name: &str) -> Option<&'a str> {
    attributes(inside)
        .find(|(candidate, _)| candidate.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, dialect: Dialect) -> String {
        Tokens::new(text, dialect, &Budget::for_document(text.len()))
            .map(|token| match token {
                Token::Start { name, attributes, is_empty } => {
                    format!("({name}|{}{})", attributes.trim(), if is_empty { "/" } else { "" })
                }
                Token::End { name } => format!("(/{name})"),
                Token::Text(text) => format!("'{text}'"),
                Token::Cdata(text) => format!("[{text}]"),
            })
            .collect()
    }

    #[test]
    fn sound_markup_is_read_as_it_is() {
        let text = "<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b '>'>]><a b=\"1>2\"><!-- c -- d --><c/>e<![CDATA[<f>]]></a>";
        assert_eq!(shown(text, Dialect::Xml), "(a|b=\"1>2\")(c|/)'e'[<f>](/a)");
    }

    #[test]
    fn torn_markup_costs_no_more_than_its_element() {
        for (text, expected) in [
            ("a < b <3 </>c", "'a < b <3 ''c'"),
            ("<a href=\"x>t</a><b>", "(a|href=\"x)'t'(/a)(b|)"),
            ("<a <b>", "(a|)(b|)"),
            ("<d><![CDATA[Text</d></i>", "(d|)[Text](/d)(/i)"),
            ("<d><![CDATA[Text</d><e><![CDATA[x]]></e>", "(d|)[Text](/d)(e|)[x](/e)"),
            ("<!-- a <b>c", "'c'"),
            ("<title", "(title|)"),
            ("<p title=it's>x</p>", "(p|title=it's)'x'(/p)"),
        ] {
            assert_eq!(shown(text, Dialect::Xml), expected, "{text}");
        }
        assert_eq!(shown("<img alt=\"a<b\">x", Dialect::Html), "(img|alt=\"a<b\")'x'");
        for (text, expected) in [
            ("<a href=/aktuell/>", "(a|href=/aktuell/)"),
            ("<a href= /aktuell/>", "(a|href= /aktuell/)"),
            ("<a id=x href=/>", "(a|id=x href=/)"),
            ("<a href=\"/aktuell/\"/>", "(a|href=\"/aktuell/\"/)"),
            ("<br/>", "(br|/)"),
            ("<input value=x disabled/>", "(input|value=x disabled/)"),
        ] {
            assert_eq!(shown(text, Dialect::Html), expected, "{text}");
        }
        assert_eq!(shown("<link href=/a/>", Dialect::Xml), "(link|href=/a/)", "an empty element");
    }

    #[test]
    fn attributes_are_found_in_any_quotes() {
        let inside = " a='1' B = \"2\" c=3 d e='";
        let found: Vec<_> = attributes(inside).collect();
        assert_eq!(found, [("a", "1"), ("B", "2"), ("c", "3"), ("d", ""), ("e", "")]);
        assert_eq!(attribute(inside, "b"), Some("2"));
    }
}
