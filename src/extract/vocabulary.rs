//! Which element of which vocabulary says what: RSS in all its versions, Atom,
//! Dublin Core, Media RSS and what else is found in feeds.

use std::borrow::Cow;

use super::markup::attributes;

/// Prefixes that one document may declare; more are hostile.
const MOST_PREFIXES: usize = 64;

/// A vocabulary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Space {
    /// RSS and Atom: what needs no prefix.
    Plain,
    /// Dublin Core elements.
    Dc,
    /// Dublin Core terms.
    Terms,
    /// RSS 1.0 content module.
    Content,
    /// Media RSS.
    Media,
    /// Podcasts.
    Itunes,
    Rdf,
    Xhtml,
    /// RSS 1.0 syndication module.
    Syndication,
    /// Any other.
    Other,
}

/// An element's name without its prefix, and its vocabulary.
#[derive(Debug, Clone, Copy)]
pub(super) struct Name<'a> {
    /// The vocabulary.
    pub(super) space: Space,
    local: LowerName<'a>,
}

/// A name in lower case without an allocation: long ones mean nothing to us.
#[derive(Debug, Clone, Copy)]
enum LowerName<'a> {
    AsIs(&'a str),
    Folded([u8; 16], usize),
}

impl Name<'_> {
    /// Returns the name in lower case.
    pub(super) fn local(&self) -> &str {
        match &self.local {
            LowerName::AsIs(name) => name,
            LowerName::Folded(bytes, length) => bytes
                .get(..*length)
                .and_then(|bytes| std::str::from_utf8(bytes).ok())
                .unwrap_or_default(),
        }
    }

    /// Returns whether it is an item of RSS or CDF, an entry of Atom.
    pub(super) fn is_entry(&self) -> bool {
        self.space == Space::Plain && matches!(self.local(), "item" | "entry")
    }

    /// Returns whether it is an element round all entries.
    pub(super) fn is_root(&self) -> bool {
        match self.space {
            Space::Plain => matches!(self.local(), "rss" | "feed" | "channel" | "rdf"),
            Space::Rdf => self.local() == "rdf",
            _ => false,
        }
    }
}

/// The prefixes that a document declares.
#[derive(Debug, Default)]
pub(super) struct Names<'a> {
    prefixes: Vec<(&'a str, Space)>,
}

impl<'a> Names<'a> {
    /// Notes what a start tag declares. Where it is declared does not matter:
    /// nobody gives one prefix two meanings.
    pub(super) fn declare(&mut self, inside: &'a str) {
        if !inside.contains("xmlns:") {
            return;
        }
        for (name, uri) in attributes(inside).take(MOST_PREFIXES) {
            if let Some(prefix) = name.strip_prefix("xmlns:")
                && self.prefixes.len() < MOST_PREFIXES
                && self.prefixes.iter().all(|(known, _)| *known != prefix)
            {
                self.prefixes.push((prefix, space_of_uri(uri)));
            }
        }
    }

    /// Returns what a name means.
    pub(super) fn resolve<'n>(&self, name: &'n str) -> Name<'n> {
        let (space, local) = match name.split_once(':') {
            Some((prefix, local)) => (
                self.prefixes
                    .iter()
                    .find(|(known, _)| *known == prefix)
                    .map_or_else(|| space_of_prefix(prefix), |(_, space)| *space),
                local,
            ),
            None => (Space::Plain, name),
        };
        Name { space, local: lower(local) }
    }
}

fn lower(name: &str) -> LowerName<'_> {
    let mut folded = [0_u8; 16];
    if !name.bytes().any(|byte| byte.is_ascii_uppercase()) || name.len() > folded.len() {
        return LowerName::AsIs(name);
    }
    for (target, byte) in folded.iter_mut().zip(name.bytes()) {
        *target = byte.to_ascii_lowercase();
    }
    LowerName::Folded(folded, name.len())
}

fn space_of_uri(uri: &str) -> Space {
    let uri: Cow<'_, str> = if uri.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(uri.to_ascii_lowercase())
    } else {
        Cow::Borrowed(uri)
    };
    match uri.trim() {
        ""
        | "http://www.w3.org/2005/atom"
        | "http://purl.org/atom/ns#"
        | "http://example.com/newformat#"
        | "http://example.com/necho"
        | "http://purl.org/echo/"
        | "uri/of/echo/namespace#"
        | "http://purl.org/pie/"
        | "http://purl.org/rss/1.0/"
        | "http://purl.org/net/rss1.1#"
        | "http://my.netscape.com/rdf/simple/0.9/"
        | "http://my.netscape.com/publish/formats/rss-0.91.dtd"
        | "http://channel.netscape.com/rdf/simple/0.9/"
        | "http://example.com/rss2"
        | "http://blogs.law.harvard.edu/tech/rss"
        | "http://purl.org/rss/1.0/modules/rss091#" => Space::Plain,
        uri if uri.contains("backend.userland.com/rss") => Space::Plain,
        "http://purl.org/dc/elements/1.1/" | "http://purl.org/dc/elements/1.0/" => Space::Dc,
        "http://purl.org/dc/terms/" => Space::Terms,
        "http://purl.org/rss/1.0/modules/content/" => Space::Content,
        "http://search.yahoo.com/mrss" | "http://search.yahoo.com/mrss/" => Space::Media,
        "http://www.itunes.com/dtds/podcast-1.0.dtd"
        | "http://example.com/dtds/podcast-1.0.dtd" => Space::Itunes,
        "http://www.w3.org/1999/02/22-rdf-syntax-ns#" => Space::Rdf,
        "http://www.w3.org/1999/xhtml" => Space::Xhtml,
        "http://purl.org/rss/1.0/modules/syndication/" => Space::Syndication,
        _ => Space::Other,
    }
}

/// Returns what a prefix means that nobody declared.
fn space_of_prefix(prefix: &str) -> Space {
    match prefix {
        "dc" => Space::Dc,
        "dcterms" => Space::Terms,
        "content" => Space::Content,
        "media" => Space::Media,
        "itunes" => Space::Itunes,
        "rdf" | "RDF" => Space::Rdf,
        "xhtml" => Space::Xhtml,
        "sy" => Space::Syndication,
        "atom" | "atom10" | "a10" | "rss" => Space::Plain,
        _ => Space::Other,
    }
}

/// What an element says of its entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    /// A title; of two the one of higher rank.
    Title {
        /// 3 the feed's own, 2 Dublin Core, 1 media.
        rank: u8,
    },
    /// Where it stands.
    Link,
    /// Its id.
    Guid,
    /// Date of publication.
    Published,
    /// Date of change.
    Updated,
    /// Date of creation.
    Created,
    /// `dc:date`, which may be any.
    CoreDate,
    /// A teaser; of two the one of higher rank.
    Summary {
        /// 3 the feed's own, 2 Dublin Core, 1 media.
        rank: u8,
    },
    /// Full text as escaped HTML.
    Encoded,
    /// Full text that says its type.
    Body,
    Author,
    Category,
    /// A file.
    Enclosure,
    Language,
    /// Says something of another thing (an image, a source) in the same words.
    Skipped,
}

/// Returns what the element `name` says inside an entry; nothing of interest if none.
pub(super) fn field_of(name: Name<'_>) -> Option<Field> {
    Some(match (name.space, name.local()) {
        (Space::Plain, "title") => Field::Title { rank: 3 },
        (Space::Dc, "title") => Field::Title { rank: 2 },
        (Space::Media | Space::Itunes, "title") => Field::Title { rank: 1 },
        (Space::Plain, "link") => Field::Link,
        (Space::Plain, "guid" | "id") => Field::Guid,
        (Space::Plain, "pubdate" | "published" | "issued") | (Space::Terms, "issued") => {
            Field::Published
        }
        (Space::Plain, "updated" | "modified" | "lastbuilddate") | (Space::Terms, "modified") => {
            Field::Updated
        }
        (Space::Plain | Space::Terms, "created") => Field::Created,
        (Space::Dc | Space::Terms, "date") => Field::CoreDate,
        (Space::Plain, "description" | "summary" | "abstract") => Field::Summary { rank: 3 },
        (Space::Dc, "description") => Field::Summary { rank: 2 },
        (Space::Media, "description") | (Space::Itunes, "summary") => Field::Summary { rank: 1 },
        (Space::Content, "encoded") | (Space::Plain, "fullitem") => Field::Encoded,
        (Space::Plain, "content" | "body") | (Space::Xhtml, "body") => Field::Body,
        (Space::Plain, "author") | (Space::Dc, "creator" | "author") => Field::Author,
        (Space::Plain, "category" | "keywords") | (Space::Dc, "subject") => Field::Category,
        (Space::Plain, "enclosure") | (Space::Media, "content") => Field::Enclosure,
        (Space::Dc, "language") => Field::Language,
        (Space::Plain, "source" | "image" | "textinput" | "contributor")
        | (Space::Media, "credit" | "text" | "comment") => Field::Skipped,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_means_what_its_document_says() {
        let mut names = Names::default();
        names.declare(" xmlns:x='http://purl.org/dc/elements/1.1/' xmlns:dc='http://example.org/'");
        assert_eq!(field_of(names.resolve("x:date")), Some(Field::CoreDate));
        assert_eq!(field_of(names.resolve("dc:date")), None);
        assert_eq!(field_of(names.resolve("PUBDATE")), Some(Field::Published));
        assert_eq!(field_of(names.resolve("dcterms:created")), Some(Field::Created));
        assert!(names.resolve("ITEM").is_entry());
        assert!(names.resolve("rdf:RDF").is_root());
        assert!(!names.resolve("svg:title").is_entry());
    }
}
