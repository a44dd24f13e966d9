//! The same news in data made for programs: the interface of WordPress, a sitemap.

use toml_edit::{Table, value};
use url::Url;

use super::block::Block;
use super::feed_fit;
use crate::extract::sniff;
use crate::model::{Budget, RawItem, Response};
use crate::source::json;
use crate::source::page::discover;
use crate::text::{Rubric, rubric};

/// Most items of the page that are looked for in a sitemap.
const MOST: usize = 12;
/// Where the root of a sitemap stands.
const HEAD: usize = 2_000;
/// Fewer addresses below a page's own are no sign of a list.
const LEAST: usize = 3;

/// Returns the block for the newest posts where the page is one of WordPress.
pub(super) fn posts(id: &str, page: &Response) -> Option<Block> {
    let html = sniff::decode(&page.body, page.headers.get("content-type")).text;
    let budget = Budget::for_document(html.len());
    let url = discover::wordpress_posts(&html, &page.final_url, &budget)?;
    Some(interface(id, &url, Some("wordpress")))
}

fn interface(id: &str, url: &str, preset: Option<&str>) -> Block {
    let own = preset.map(|preset| {
        let mut own = Table::new();
        own["preset"] = value(preset);
        own
    });
    Block { kind: "json", own, ..Block::feed(id, url) }
}

/// Returns the blocks that may read a document made for programs, the most particular first;
/// none if it is made for people.
pub(super) fn for_programs(id: &str, url: &str, answer: &Response) -> Vec<Block> {
    let text = sniff::decode(&answer.body, answer.headers.get("content-type")).text;
    let text = text.trim_start();
    let head = text.get(..text.floor_char_boundary(HEAD)).unwrap_or_default();
    let is_packed = answer.body.starts_with(&[0x1f, 0x8b]);
    if is_packed || head.contains("<urlset") || head.contains("<sitemapindex") {
        return vec![sitemap(id, url)];
    }
    if !text.starts_with(['{', '[']) {
        return Vec::new();
    }
    let council = Block { kind: "oparl", ..Block::feed(id, url) };
    let presets = json::presets().map(|preset| interface(id, url, Some(preset)));
    std::iter::once(council).chain(presets).chain([interface(id, url, None)]).collect()
}

/// Returns the block for a sitemap without conditions, to ask for it.
pub(super) fn sitemap(id: &str, url: &str) -> Block {
    Block { kind: "sitemap", ..Block::feed(id, url) }
}

/// Returns the block that takes the news of a page out of a sitemap's entries, with what
/// speaks for it.
///
/// Fails with the reason why the sitemap does not stand for the page.
pub(super) fn narrowed(
    id: &str,
    map: &str,
    page: &str,
    listed: &[RawItem],
    entries: &[RawItem],
) -> Result<(Block, String), String> {
    let (below, why) = if listed.is_empty() {
        below_page(page, entries)?
    } else {
        below_listed(map, listed, entries)?
    };
    let mut block = sitemap(id, map);
    if !below.is_empty() {
        let mut own = Table::new();
        own["below"] = value(&below);
        block.own = Some(own);
    }
    Ok((block, why))
}

/// A page that lists nothing itself: what lies below its address.
fn below_page(page: &str, entries: &[RawItem]) -> Result<(String, String), String> {
    let path = Url::parse(page).map(|url| url.path().to_owned()).unwrap_or_default();
    let below = format!("{}/", path.trim_end_matches('/'));
    let found = links(entries).filter(|link| is_below(link, &below)).count();
    if below == "/" || found < LEAST {
        return Err(format!("only {found} addresses below the page's are in it"));
    }
    Ok((below, format!("{found} addresses below the page's are in it")))
}

/// Returns the folder of those listed items that the map has.
fn below_listed(
    map: &str,
    listed: &[RawItem],
    entries: &[RawItem],
) -> Result<(String, String), String> {
    let why = feed_fit::judge_links(&listed[..listed.len().min(MOST)], entries)?;
    let common: Vec<&str> =
        links(listed).filter(|link| links(entries).any(|entry| entry == *link)).collect();
    let below = common_folder(&common);
    // Without a folder of its own, all addresses of the map must be news.
    let is_of_news = || rubric(map.rsplit('/').next().unwrap_or_default()) == Some(Rubric::News);
    if below == "/" && !is_of_news() {
        return Err("its news have no folder of their own".to_owned());
    }
    Ok((if below == "/" { String::new() } else { below }, why))
}

fn links(items: &[RawItem]) -> impl Iterator<Item = &str> {
    items.iter().filter_map(|item| item.link.as_deref())
}

fn is_below(link: &str, folder: &str) -> bool {
    link.split_once(folder).is_some_and(|(_, rest)| !rest.is_empty())
}

/// Returns the path that all addresses share, up to the first part that counts or differs.
fn common_folder(links: &[&str]) -> String {
    let folders = |link: &&str| -> Vec<String> {
        let path = Url::parse(link).map(|url| url.path().to_owned()).unwrap_or_default();
        let (folder, _) = path.trim_end_matches('/').rsplit_once('/').unwrap_or_default();
        let parts = folder.split('/').filter(|part| !part.is_empty());
        parts.take_while(|part| !part.bytes().all(|b| b.is_ascii_digit())).map(Into::into).collect()
    };
    let mut all = links.iter().map(folders);
    let mut common = all.next().unwrap_or_default();
    for other in all {
        let same = common.iter().zip(&other).take_while(|(one, two)| one == two).count();
        common.truncate(same);
    }
    common.iter().fold("/".to_owned(), |path, part| format!("{path}{part}/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(links: &[&str]) -> Vec<RawItem> {
        let item = |link: &&str| RawItem {
            link: Some(format!("https://a.example{link}")),
            ..RawItem::default()
        };
        links.iter().map(item).collect()
    }

    fn below(page: &str, map: &str, listed: &[&str], entries: &[&str]) -> Result<String, String> {
        let page = format!("https://a.example{page}");
        let map = format!("https://a.example/{map}");
        let (block, _) = narrowed("a", &map, &page, &items(listed), &items(entries))?;
        let own = block.own.as_ref().and_then(|own| own.get("below")?.as_str());
        Ok(own.unwrap_or_default().to_owned())
    }

    #[test]
    fn a_sitemap_is_narrowed_to_the_folder_of_the_news() {
        let listed = ["/stadt/aktuelles/2026/bruecke", "/stadt/aktuelles/2026/portal"];
        let all = [
            "/impressum",
            "/stadt/aktuelles/2026/bruecke",
            "/stadt/aktuelles/2026/portal",
            "/stadt/aktuelles/2025/alt",
        ];
        let found = below("/stadt/aktuelles", "sitemap.xml", &listed, &all);
        assert_eq!(found.as_deref(), Ok("/stadt/aktuelles/"));
        assert_eq!(
            below("/stadt/aktuelles", "sitemap.xml", &[], &all).as_deref(),
            Ok("/stadt/aktuelles/"),
            "a page that scripts fill"
        );
        assert!(below("/", "sitemap.xml", &[], &all).is_err());
    }

    #[test]
    fn a_sitemap_without_the_news_or_with_all_in_one_folder_is_none() {
        let listed = ["/bruecke-gesperrt", "/portal-online"];
        let all = ["/impressum", "/bruecke-gesperrt", "/portal-online"];
        assert!(below("/aktuelles", "sitemap.xml", &listed, &all).is_err());
        assert_eq!(
            below("/aktuelles", "wp-sitemap-posts-post-1.xml", &listed, &all).as_deref(),
            Ok("")
        );
        assert!(below("/aktuelles", "post-sitemap.xml", &listed, &["/impressum", "/x"]).is_err());
    }
}
