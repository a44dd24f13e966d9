//! OPML: the lists of feeds that readers exchange. Tolerant and bounded; no
//! entity of the document's own is ever expanded.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::model::Budget;
use crate::text::{clean_line, steers};

use super::sniff;

/// Most feeds taken of one list.
pub const MOST_FEEDS: usize = 10_000;
/// No outline stands deeper.
const MOST_DEPTH: usize = 100;

/// One feed of a list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outline {
    /// Its name; may be empty.
    pub title: String,
    /// Where the feed is.
    pub url: String,
}

/// Returns the feeds of a list, in its order, each address once; and what was wrong. What
/// is behind the point where `budget` runs out is not read, and said so.
pub fn read(bytes: &[u8], budget: &Budget) -> (Vec<Outline>, Vec<String>) {
    let decoded = sniff::decode(bytes, None);
    let mut notes = decoded.notes;
    let mut reader = Reader::from_str(&decoded.text);
    reader.config_mut().check_end_names = false;
    reader.config_mut().allow_unmatched_ends = true;
    let mut found: Vec<Outline> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    let mut depth = 0_usize;
    let mut is_opml = false;
    loop {
        let at = reader.buffer_position();
        if let Err(exhausted) = budget.check() {
            notes.push(format!("{exhausted}: the rest was not read"));
            break;
        }
        let event = reader.read_event();
        let read = reader.buffer_position().saturating_sub(at);
        // What ran out is seen at the next event.
        let _ = budget.step(usize::try_from(read).unwrap_or(usize::MAX));
        let start = match event {
            Ok(Event::Start(start)) => {
                depth += 1;
                start
            }
            Ok(Event::Empty(start)) => start,
            Ok(Event::End(_)) => {
                depth = depth.saturating_sub(1);
                continue;
            }
            Ok(Event::Eof) => break,
            Ok(_) => continue,
            Err(error) => {
                notes.push(format!("the list breaks off: {}", clean_line(&error.to_string(), 200)));
                break;
            }
        };
        if depth > MOST_DEPTH {
            notes.push("the list is nested too deeply: the rest was not read".to_owned());
            break;
        }
        match start.local_name().as_ref() {
            name if name.eq_ignore_ascii_case("opml") => is_opml = true,
            name if name.eq_ignore_ascii_case("outline") => {
                let Some(outline) = outline(&start) else { continue };
                if seen.insert(outline.url.clone()) {
                    found.push(outline);
                }
            }
            _ => {}
        }
        if found.len() >= MOST_FEEDS {
            notes.push(format!("more than {MOST_FEEDS} feeds: the rest was not read"));
            break;
        }
    }
    if !is_opml {
        notes.push("this is no OPML: it has no element `opml`".to_owned());
    }
    (found, notes)
}

fn outline(start: &BytesStart<'_>) -> Option<Outline> {
    let mut outline = Outline::default();
    let mut text = String::new();
    for attribute in start.attributes().with_checks(false).flatten() {
        let raw = attribute.value;
        let value = htmlize::unescape_attribute(raw.as_ref());
        match attribute.key.local_name().as_ref() {
            name if name.eq_ignore_ascii_case("xmlurl") => outline.url = value.trim().to_owned(),
            "title" => outline.title = clean_line(&value, 200),
            "text" => text = clean_line(&value, 200),
            _ => {}
        }
    }
    if outline.title.is_empty() {
        outline.title = text;
    }
    let url = url::Url::parse(&outline.url).ok()?;
    // Browsers and we leave out line breaks and encode what cannot be seen.
    if outline.url.chars().any(steers) {
        outline.url = url.to_string();
    }
    matches!(url.scheme(), "http" | "https").then_some(outline)
}

/// Returns a list of feeds: title and address of each.
pub fn write<'a>(title: &str, feeds: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let escape = |text: &str| quick_xml::escape::escape(text.to_owned()).into_owned();
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<opml version=\"2.0\">\n<head><title>{}</title></head>\n<body>\n",
        escape(title)
    );
    for (title, url) in feeds {
        let (title, url) = (escape(title), escape(url));
        text.push_str(&format!(
            "<outline type=\"rss\" text=\"{title}\" title=\"{title}\" xmlUrl=\"{url}\"/>\n"
        ));
    }
    text.push_str("</body>\n</opml>\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_reads_back_as_it_was_written() {
        let feeds = [("Ä & \"B\" <c>", "https://a.example/?x=1&y=2"), ("D", "http://d.example/")];
        let (read, notes) = read(write("T", feeds).as_bytes(), &Budget::for_document(0));
        let read: Vec<(&str, &str)> =
            read.iter().map(|o| (o.title.as_str(), o.url.as_str())).collect();
        assert_eq!((read, notes), (feeds.to_vec(), Vec::new()));
    }

    #[test]
    fn folders_torn_lists_and_foreign_schemes_do_no_harm() {
        let list = "<OPML><body><outline text='F'><outline text=' A ' xmlURL='https://a.example/'/>\
            <outline xmlUrl='javascript:x'/><outline text='twice' xmlUrl='https://a.example/'/></outline>\
            <outline title='B' xmlUrl='https://b.example/'><outline text='torn";
        let (found, notes) = read(list.as_bytes(), &Budget::for_document(0));
        let names: Vec<&str> = found.iter().map(|outline| outline.title.as_str()).collect();
        assert_eq!(names, ["A", "B"]);
        assert_eq!(notes.len(), 1, "{notes:?}");
    }

    #[test]
    fn bombs_are_bounded() {
        let bomb = "<!DOCTYPE o [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;&a;\">]><opml><outline text='&b;' xmlUrl='https://a.example/'/></opml>";
        assert_eq!(read(bomb.as_bytes(), &Budget::for_document(0)).0[0].title, "&b;");
        let deep = format!("<opml>{}", "<outline text='x'>".repeat(100_000));
        assert!(read(deep.as_bytes(), &Budget::for_document(0)).1[0].contains("too deeply"));
        let many: String = (0..MOST_FEEDS + 5)
            .map(|n| format!("<outline xmlUrl='https://a.example/{n}'/>"))
            .collect();
        assert_eq!(
            read(format!("<opml>{many}").as_bytes(), &Budget::for_document(0)).0.len(),
            MOST_FEEDS
        );
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>, text in "(<|>|outline|xmlUrl|=|'|&|;|opml|/| ){0,60}") {
            read(&bytes, &Budget::for_document(0));
            read(text.as_bytes(), &Budget::for_document(0));
        }
    }
}
