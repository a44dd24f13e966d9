//! Kind `sitemap`: the addresses that a site names in its sitemap.xml.
//!
//! Reads plain sitemaps, those for news, and index files, whose newest maps are asked for.
//! An entry has a title only in a sitemap for news; others get theirs from their page.

use std::io::Read as _;

use chrono_tz::Tz;
use flate2::read::MultiGzDecoder;
use quick_xml::Reader as XmlReader;
use quick_xml::events::Event;

use crate::extract::{document, html, sniff};
use crate::model::{Budget, Cursor, Extraction, RawItem, Reader, Response, SourceSettings};
use crate::source::{Kind, Source, SourceError, Walk};
use crate::text::date;

pub(super) const KIND: Kind = Kind {
    name: "sitemap",
    summary: "the addresses of a sitemap.xml, plain or for news, whose pages are then read",
    example: r#"[[source]]
id = "musterstadt"
name = "Musterstadt"
kind = "sitemap"
url = "https://www.musterstadt.example/sitemap.xml"
[source.sitemap]
below = "/aktuelles/"     # what an address must contain to be news; left out: all
maps = ["news"]           # of an index: what the names of its maps must contain; left out: all
"#,
    build,
};

/// Most bytes of a map that was packed (the protocol allows 50 MiB).
const MAX_UNPACKED: u64 = 50 << 20;
/// Most addresses of one map; the newest are kept.
const MOST_ITEMS: usize = 1_000;
/// Deepest nesting; a sitemap for news has four levels.
const MOST_DEPTH: usize = 32;
/// Most maps of an index that are asked for in one poll.
const MOST_MAPS: usize = 4;

fn build(reader: &mut Reader<'_>, settings: &SourceSettings) -> Option<Box<dyn Source>> {
    let (mut below, mut maps) = (None, None);
    if let Some(table) = reader.table("sitemap") {
        let mut inner = reader.inner(table, "sitemap");
        below = inner.text("below");
        maps = inner.texts("maps");
        inner.finish();
    }
    let maps = maps.unwrap_or_default().into_iter().map(|(text, _)| text).collect();
    Some(Box::new(Sitemap { below: below.unwrap_or_default(), maps, zone: settings.timezone }))
}

#[derive(Debug)]
struct Sitemap {
    /// What an address must contain to be news.
    below: String,
    /// What the address of a map must contain, one of these.
    maps: Vec<String>,
    /// Of dates that name none.
    zone: Tz,
}

/// What a map holds.
#[derive(Default)]
struct Map {
    entries: Vec<RawItem>,
    is_index: bool,
}

impl Source for Sitemap {
    fn accept(&self) -> &'static str {
        "application/xml, text/xml;q=0.9, */*;q=0.5"
    }

    fn extract(&self, response: &Response) -> Result<Extraction, SourceError> {
        let map = self.map(response)?;
        let mut items = if map.is_index { Vec::new() } else { map.entries };
        items.retain(|item| item.link.as_deref().is_some_and(|link| link.contains(&self.below)));
        let mut notes = Vec::new();
        if items.len() > MOST_ITEMS {
            notes.push(format!(
                "the map has {} addresses: only the newest {MOST_ITEMS} are read",
                items.len()
            ));
            items.sort_by_key(|item| std::cmp::Reverse(item.published.map(|date| date.at)));
            items.truncate(MOST_ITEMS);
        }
        Ok(Extraction { items, notes, incomplete: response.truncated, ..Extraction::default() })
    }

    fn walk(&self, _cursor: &Cursor) -> Option<Box<dyn Walk + '_>> {
        Some(Box::new(Maps { sitemap: self, waiting: None }))
    }

    /// A sitemap is published to be fetched.
    fn obeys_robots(&self) -> bool {
        false
    }
}

/// The way from an index to its newest maps.
struct Maps<'a> {
    sitemap: &'a Sitemap,
    /// Addresses that are still to be asked for; nothing before the index was read.
    waiting: Option<std::vec::IntoIter<String>>,
}

impl Walk for Maps<'_> {
    fn next(&mut self, answer: Option<&Response>) -> Option<String> {
        if self.waiting.is_none() {
            self.waiting = Some(self.sitemap.maps(answer?).into_iter());
        }
        self.waiting.as_mut()?.next()
    }
}

impl Sitemap {
    /// Returns the addresses of the newest maps of an index; none of any other document.
    fn maps(&self, index: &Response) -> Vec<String> {
        let map = self.map(index).ok().filter(|map| map.is_index).unwrap_or_default();
        let mut maps = map.entries;
        maps.retain(|map| {
            let link = map.link.as_deref().unwrap_or_default();
            self.maps.is_empty() || self.maps.iter().any(|part| link.contains(part))
        });
        // Stable: maps without a date keep the order of the index.
        maps.sort_by_key(|map| std::cmp::Reverse(map.published.map(|date| date.at)));
        maps.into_iter().take(MOST_MAPS).filter_map(|map| map.link).collect()
    }

    fn map(&self, response: &Response) -> Result<Map, SourceError> {
        let body = unpacked(&response.body)?;
        let text = sniff::decode(&body, response.headers.get("content-type")).text;
        let budget = Budget::for_document(body.len());
        let base = url::Url::parse(&response.final_url).ok();
        let mut map = Map::default();
        let mut reader = XmlReader::from_str(&text);
        reader.config_mut().check_end_names = false;
        reader.config_mut().allow_unmatched_ends = true;
        let resolve = |words: &str| document::resolve(words, base.as_ref(), &budget);
        let mut names: Vec<String> = Vec::new();
        let mut entry = RawItem::default();
        let mut words = String::new();
        let mut is_sitemap = false;
        // What came before a break is sound.
        while let Ok(event) = reader.read_event() {
            match event {
                Event::Start(start) => {
                    let name = start.local_name().as_ref().to_owned();
                    is_sitemap |= matches!(name.as_str(), "urlset" | "sitemapindex");
                    map.is_index |= name == "sitemapindex";
                    names.push(name);
                    words.clear();
                    if names.len() > MOST_DEPTH {
                        break;
                    }
                }
                Event::End(_) => {
                    self.take(&names, &htmlize::unescape(words.trim()), &resolve, &mut entry);
                    words.clear();
                    if names.pop().is_some_and(|name| name == "url" || name == "sitemap") {
                        let done = std::mem::take(&mut entry);
                        map.entries.extend(Some(done).filter(|done| done.link.is_some()));
                    }
                }
                Event::Text(text) => words.push_str(&text),
                Event::GeneralRef(name) => words.extend(["&", &*name, ";"]),
                Event::CData(text) => words.push_str(&text),
                Event::Eof => break,
                _ => {}
            }
        }
        budget.check()?;
        if is_sitemap {
            Ok(map)
        } else {
            Err(SourceError::NotAFeed { found: "no sitemap".to_owned() })
        }
    }

    /// Takes a text by the name of its element.
    fn take(
        &self,
        names: &[String],
        words: &str,
        resolve: &dyn Fn(&str) -> Option<String>,
        entry: &mut RawItem,
    ) {
        let [.., parent, name] = names else { return };
        if words.is_empty() {
            return;
        }
        let is_own = matches!(parent.as_str(), "url" | "sitemap");
        match name.as_str() {
            "loc" if is_own => {
                entry.link = resolve(words);
            }
            // The day of the news goes before that of the last change.
            "lastmod" if entry.published.is_none() => {
                entry.published = date::parse(words, self.zone)
                    .map(|date| crate::model::Date { is_guess: true, ..date });
            }
            "publication_date" => {
                entry.published = date::parse(words, self.zone).or(entry.published);
            }
            "title" if parent == "news" => entry.title = Some(html::escape(words)),
            _ => {}
        }
    }
}

/// Returns the bytes of a map, unpacked where it is a file `.xml.gz`.
///
/// Fails if they are more than a map may have.
fn unpacked(body: &[u8]) -> Result<std::borrow::Cow<'_, [u8]>, SourceError> {
    if !body.starts_with(&[0x1f, 0x8b]) {
        return Ok(body.into());
    }
    let mut unpacked = Vec::new();
    let read = MultiGzDecoder::new(body).take(MAX_UNPACKED + 1).read_to_end(&mut unpacked);
    if unpacked.len() as u64 > MAX_UNPACKED {
        let reason = format!("more than {} MiB unpacked", MAX_UNPACKED >> 20);
        return Err(SourceError::TooMuch { reason });
    }
    match read {
        Ok(_) => Ok(unpacked.into()),
        Err(_) => Err(SourceError::NotAFeed { found: "a broken gzip file".to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;
    use crate::model::Headers;

    fn sitemap(below: &str) -> Sitemap {
        Sitemap { below: below.to_owned(), maps: Vec::new(), zone: chrono_tz::UTC }
    }

    fn answer(body: &[u8]) -> Response {
        Response {
            status: 200,
            final_url: "https://stadt.example/sitemap.xml".to_owned(),
            is_redirected: false,
            moved: None,
            headers: Headers::new(),
            body: body.to_vec(),
            truncated: false,
        }
    }

    const NEWS: &str = "<?xml version='1.0'?><urlset xmlns:news='n'>\
        <url><loc>https://stadt.example/news/1?a=1&amp;b=2</loc><lastmod>2026-11-20</lastmod>\
        <news:news><news:publication><news:name>Stadt</news:name></news:publication>\
        <news:publication_date>2026-11-02T08:00:00Z</news:publication_date>\
        <news:title><![CDATA[Müll & Mehr]]></news:title></news:news>\
        <image:image><image:loc>https://stadt.example/b.jpg</image:loc></image:image></url>\
        <url><loc>/news/2</loc><lastmod>2026-11-01</lastmod></url>\
        <url><loc>https://stadt.example/amt</loc></url></urlset>";

    #[test]
    fn addresses_below_a_path_are_items_with_the_day_that_is_known() {
        let read = sitemap("/news/").extract(&answer(NEWS.as_bytes())).unwrap();
        let told: Vec<_> =
            read.items.iter().map(|item| (item.link.as_deref(), item.title.as_deref())).collect();
        assert_eq!(
            told,
            [
                (Some("https://stadt.example/news/1?a=1&b=2"), Some("Müll &amp; Mehr")),
                (Some("https://stadt.example/news/2"), None)
            ]
        );
        let days: Vec<_> = read.items.iter().filter_map(|item| item.published).collect();
        assert_eq!(days[0].at.seconds(), 1_793_606_400);
        assert!(days[1].is_guess && !days[0].is_guess);
    }

    #[test]
    fn a_packed_map_is_unpacked_within_bounds() {
        let pack = |bytes: &[u8]| {
            let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            packer.write_all(bytes).unwrap();
            packer.finish().unwrap()
        };
        let packed = pack(NEWS.as_bytes());
        assert_eq!(sitemap("").extract(&answer(&packed)).unwrap().items.len(), 3);
        let cut = sitemap("").extract(&answer(&packed[..packed.len() / 2]));
        assert!(matches!(cut, Err(SourceError::NotAFeed { .. })));
        let bomb = pack(&vec![b' '; 60 << 20]);
        assert!(matches!(sitemap("").extract(&answer(&bomb)), Err(SourceError::TooMuch { .. })));
    }

    #[test]
    fn the_newest_maps_of_an_index_are_asked_for_and_no_more() {
        let index: String = (1..=9)
            .map(|n| {
                format!("<sitemap><loc>/map-{n}.xml</loc><lastmod>2026-11-0{n}</lastmod></sitemap>")
            })
            .collect();
        let index = answer(format!("<sitemapindex>{index}</sitemapindex>").as_bytes());
        let (sitemap, page) = (sitemap(""), answer(NEWS.as_bytes()));
        let mut walk = sitemap.walk(&Cursor::default()).unwrap();
        let mut asked = Vec::new();
        let mut answer = Some(&index);
        while let Some(next) = walk.next(answer) {
            asked.push(next.rsplit('/').next().unwrap().to_owned());
            // A map that cannot be had does not hide the others.
            answer = Some(&page).filter(|_| asked.len() != 2);
        }
        assert_eq!(asked, ["map-9.xml", "map-8.xml", "map-7.xml", "map-6.xml"]);
        assert_eq!(sitemap.extract(&index).map(|read| read.items.len()), Ok(0));
        assert_eq!(sitemap.walk(&Cursor::default()).unwrap().next(Some(&page)), None);
    }
}
