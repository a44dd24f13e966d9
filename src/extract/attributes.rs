//! How many attributes a tag of a page has, before anybody builds a tree of it.
//!
//! A parser compares each attribute with all before it, so that their number must be bounded.
//! Where a tag begins depends on what stands before it, which hostile bytes can make hard to
//! say. So each `<` is taken for a beginning, and all readings go on beside each other: none of
//! the parser's has more attributes than the one that has most here.

/// Where in a tag a reading stands. The states are those of the HTML standard (13.2.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    OpenEnd,
    TagName,
    BeforeName,
    Name,
    AfterName,
    BeforeValue,
    DoubleQuoted,
    SingleQuoted,
    Unquoted,
}

/// How many states there are.
const STATES: usize = 10;

/// Every reading of what stands here: by its state the attributes so far. Of two in one state
/// the one with fewer is forgotten.
#[derive(Debug, Default)]
pub(super) struct Attributes {
    readings: [Option<(State, usize)>; STATES],
    is_in_tag: bool,
}

impl Attributes {
    /// Reads on. Returns the most attributes that a tag has had within these bytes.
    pub(super) fn read(&mut self, bytes: &[u8]) -> usize {
        let (mut most, mut rest) = (0, bytes);
        loop {
            if !self.is_in_tag {
                let Some(at) = memchr::memchr(b'<', rest) else { return most };
                rest = &rest[at..];
            }
            let Some((byte, after)) = rest.split_first() else { return most };
            rest = after;
            most = self.step(*byte).max(most);
        }
    }

    fn step(&mut self, byte: u8) -> usize {
        let before = std::mem::take(&mut self.readings);
        self.is_in_tag = false;
        let mut most = 0;
        let begins = (byte == b'<').then_some((State::Open, 0));
        let goes_on = before.into_iter().flatten().filter_map(|(state, count)| {
            let (state, begins) = after(state, byte)?;
            Some((state, count + usize::from(begins)))
        });
        for (state, count) in goes_on.chain(begins) {
            let known = &mut self.readings[state as usize];
            if known.is_none_or(|(_, other)| other < count) {
                *known = Some((state, count));
            }
            self.is_in_tag = true;
            most = count.max(most);
        }
        most
    }
}

/// Returns the state after `byte`, and whether an attribute begins with it; none where the tag
/// ends or is none.
const fn after(state: State, byte: u8) -> Option<(State, bool)> {
    let is_space = byte.is_ascii_whitespace();
    let state = match (state, byte) {
        (State::DoubleQuoted, b'"') | (State::SingleQuoted, b'\'') => State::BeforeName,
        (State::DoubleQuoted | State::SingleQuoted, _) => state,
        (State::Open | State::OpenEnd, _) if byte.is_ascii_alphabetic() => State::TagName,
        (State::Open, b'/') => State::OpenEnd,
        (State::Open | State::OpenEnd, _) | (_, b'>') => return None,
        (State::TagName, b'/') => State::BeforeName,
        (State::TagName | State::Unquoted, _) if is_space => State::BeforeName,
        (State::TagName | State::Unquoted, _) => state,
        (State::BeforeName, b'/') => state,
        (State::BeforeName | State::BeforeValue, _) if is_space => state,
        (State::BeforeValue, b'"') => State::DoubleQuoted,
        (State::BeforeValue, b'\'') => State::SingleQuoted,
        (State::BeforeValue, _) => State::Unquoted,
        (State::Name | State::AfterName, b'/') => State::BeforeName,
        (State::Name | State::AfterName, b'=') => State::BeforeValue,
        (State::Name | State::AfterName, _) if is_space => State::AfterName,
        (State::Name, _) => state,
        (State::BeforeName | State::AfterName, _) => return Some((State::Name, true)),
    };
    Some((state, false))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn most(text: &str) -> usize {
        let whole = Attributes::default().read(text.as_bytes());
        let mut attributes = Attributes::default();
        let pieces = text.as_bytes().chunks(1).map(|piece| attributes.read(piece)).max();
        assert_eq!(pieces.unwrap_or_default(), whole, "in pieces: {text}");
        whole
    }

    #[test]
    fn attributes_are_counted_as_the_standard_reads_them() {
        for (text, count) in [
            ("", 0),
            ("a b c", 0),
            ("<p>a b c", 0),
            ("<p a b c>", 3),
            ("<p a=b c='d e' f=\"g h\">", 3),
            ("<p a = b/c d>", 2),
            ("<p/a/b/>", 2),
            ("<p a\"b c>", 2),
            ("<p a=\"b\"c>", 2),
            ("<p =a>", 1),
            ("</p a b>", 2),
            ("< a b c d>", 0),
            ("<p a='>' b>", 2),
            ("<p a b><p c>", 2),
            // Whether this is a tag or the value of one depends on what stood before.
            ("'<p a='<p b c d>", 3),
        ] {
            assert_eq!(most(text), count, "{text}");
        }
    }

    #[test]
    fn what_stands_in_quotes_has_no_attributes() {
        let image =
            format!("<img alt=\"x\" src=\"data:image/png;base64,{}\">", "QU/ ".repeat(99_999));
        assert_eq!(most(&image), 2);
    }
}
