//! Tags and texts of a document that may be anything: XML, HTML or torn.
//!
//! A tokenizer, no parser: it knows no nesting and refuses nothing. Neither
//! quick-xml (errs on the first bare `<`) nor html5ever's tokenizer (compares
//! each attribute of a tag with all before it, quadratic on hostile bytes) fits.
//! Every search that may run to the end of the document remembers where it
//! ended, so that the whole is linear.

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

    /// The first place of the needle at or after `from`, which never decreases.
    fn find(&mut self, text: &str, from: usize) -> Option<usize> {
        let stale = self.found.is_some_and(|at| at < from);
        if !self.looked || stale {
            self.looked = true;
            self.found =
                text.get(from..).and_then(|rest| rest.find(self.needle)).map(|at| at + from);
        }
        self.found
    }
}

/// Reads tokens one after the other.
#[derive(Debug)]
pub(super) struct Tokens<'a> {
    text: &'a str,
    at: usize,
    dialect: Dialect,
    comment_end: Ahead,
    section_start: Ahead,
    section_end: Ahead,
    instruction_end: Ahead,
    tag_end: Ahead,
    double_quote: Ahead,
    single_quote: Ahead,
}

impl<'a> Tokens<'a> {
    /// Reads `text` from its beginning.
    pub(super) fn new(text: &'a str, dialect: Dialect) -> Self {
        Self {
            text,
            at: 0,
            dialect,
            comment_end: Ahead::new("-->"),
            section_start: Ahead::new("<![CDATA["),
            section_end: Ahead::new("]]>"),
            instruction_end: Ahead::new("?>"),
            tag_end: Ahead::new(">"),
            double_quote: Ahead::new("\""),
            single_quote: Ahead::new("'"),
        }
    }

    /// The byte at which the next token begins.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// Goes on behind the next `</name`, in any case of letters; to the end
    /// if there is none. For elements whose inside is no markup.
    pub(super) fn skip_past_end_of(&mut self, name: &str) {
        let bytes = self.text.as_bytes();
        let mut from = self.at;
        while let Some(found) = self.text.get(from..).and_then(|rest| rest.find("</")) {
            let start = from + found + 2;
            let matches = bytes
                .get(start..start + name.len())
                .is_some_and(|candidate| candidate.eq_ignore_ascii_case(name.as_bytes()));
            if matches {
                self.at =
                    self.tag_end.find(self.text, start).map_or(self.text.len(), |end| end + 1);
                return;
            }
            from = start;
        }
        self.at = self.text.len();
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
            None => self.tag_end.find(self.text, start).map_or(self.text.len(), |end| end + 1),
        };
    }

    fn section(&mut self, start: usize) -> Token<'a> {
        let inside = start + "<![CDATA[".len();
        let end = self.section_end.find(self.text, inside);
        let next = self.section_start.find(self.text, inside);
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

    /// The byte after a tag's last, and the byte at which its inside ends.
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
                    let close = quote.find(self.text, at + 1);
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

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
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
                        let end = self.comment_end.find(self.text, start + 4);
                        self.skip(start, end, 3);
                    } else if rest.starts_with(b"<![CDATA[") && self.dialect == Dialect::Xml {
                        return Some(self.section(start));
                    } else if rest.starts_with(b"<![CDATA[") {
                        // Escaped twice: its inside is what was meant.
                        self.at = start + "<![CDATA[".len();
                    } else {
                        self.at = declaration_end(self.text, start, &mut self.tag_end);
                    }
                }
                Some(b'?') => {
                    let end = match self.dialect {
                        Dialect::Xml => self.instruction_end.find(self.text, start),
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
                    let is_empty = attributes.ends_with('/');
                    let attributes = attributes.strip_suffix('/').unwrap_or(attributes);
                    return Some(Token::Start { name, attributes, is_empty });
                }
            }
        }
    }
}

/// The byte after a `<!DOCTYPE …>` and the like, with its internal subset.
fn declaration_end(text: &str, start: usize, tag_end: &mut Ahead) -> usize {
    let Some(end) = tag_end.find(text, start) else { return text.len() };
    let has_subset = text.get(start..end).is_some_and(|head| head.contains('['))
        && text.get(start..).is_some_and(|rest| {
            rest.as_bytes().get(..9).is_some_and(|head| head.eq_ignore_ascii_case(b"<!DOCTYPE"))
        });
    if !has_subset {
        return end + 1;
    }
    let rest = text.get(start..).unwrap_or_default();
    match rest.find(']') {
        Some(close) => rest
            .get(close..)
            .and_then(|tail| tail.find('>'))
            .map_or(text.len(), |found| start + close + found + 1),
        None => end + 1,
    }
}

/// The attributes of a start tag: name as written, value with its references.
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

/// The value of the attribute `name`, compared without case.
pub(super) fn attribute<'a>(inside: &'a str, name: &str) -> Option<&'a str> {
    attributes(inside)
        .find(|(candidate, _)| candidate.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, dialect: Dialect) -> String {
        Tokens::new(text, dialect)
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
    }

    #[test]
    fn attributes_are_found_in_any_quotes() {
        let inside = " a='1' B = \"2\" c=3 d e='";
        let found: Vec<_> = attributes(inside).collect();
        assert_eq!(found, [("a", "1"), ("B", "2"), ("c", "3"), ("d", ""), ("e", "")]);
        assert_eq!(attribute(inside, "b"), Some("2"));
    }
}
