//! Files that belong to an article, not to its surroundings.

use url::Url;

use super::head::Media;
use super::page::{Anchor, Kind, Page};
use super::region::Region;
use crate::extract::document::resolve;
use crate::extract::file::{format_in, format_of, format_of_media_type, media_type_of, size_in};
use crate::extract::html::escape;
use crate::model::{Budget, Enclosure};
use crate::text::furniture::heads_files;
use crate::text::{clean_line, words};

/// Most files of one article.
const MOST: usize = 20;

/// Links of a part of the page, each with the file that it leads to.
struct Links {
    /// Index of the anchor that is the first.
    first: usize,
    files: Vec<Option<Enclosure>>,
    /// How many of the links before each are files.
    counts: Vec<usize>,
}

/// Finds the files that belong to the text.
pub(super) fn find(
    page: &Page,
    region: &Region,
    heading: Option<usize>,
    base: Option<&Url>,
    budget: &Budget,
) -> Vec<Enclosure> {
    let own = own_element(page, region, heading);
    let around = page.elements[page.elements[own].parent].parent;
    let mut links = Links::of(page, around, base, budget);
    let boxes = boxes_below(page, own, &links);
    let mut found: Vec<Enclosure> = Vec::new();
    for (index, anchor) in page.anchors.iter().enumerate().skip(links.first) {
        if links.files.get(index - links.first).is_none_or(Option::is_none) {
            continue;
        }
        let is_inside = |element: &usize| page.is_inside(anchor.element, *element);
        if !is_inside(&own) && !boxes.iter().any(is_inside)
            || is_beside(page, region, anchor, own, &links)
        {
            continue;
        }
        let Some(file) = links.files[index - links.first].take() else { continue };
        match found.iter_mut().find(|known| known.url == file.url) {
            // „Herunterladen“ beside the name.
            Some(known) => known.title = known.title.take().or(file.title),
            None => found.push(file),
        }
        if found.len() == MOST {
            break;
        }
    }
    found
}

/// Adds the files that only the page's data name for its article.
pub(super) fn add_named(
    found: &mut Vec<Enclosure>,
    named: &[Media],
    base: Option<&Url>,
    budget: &Budget,
) {
    for media in named {
        let Some(url) = resolve(&media.address, base, budget) else { continue };
        let format = format_of(&url).or_else(|| format_of_media_type(&media.kind));
        let Some(format) = format else { continue };
        if found.len() < MOST && found.iter().all(|known| known.url != url) {
            found.push(Enclosure {
                media_type: media_type_of(format).map(str::to_owned),
                length: None,
                title: (!media.name.is_empty()).then(|| escape(&media.name)),
                url,
            });
        }
    }
}

impl Links {
    fn of(page: &Page, element: usize, base: Option<&Url>, budget: &Budget) -> Self {
        let range = &page.elements[element].blocks;
        let first = page.anchors.partition_point(|anchor| anchor.block < range.start);
        let end = page.anchors.partition_point(|anchor| anchor.block < range.end);
        let files: Vec<Option<Enclosure>> = page.anchors[first..end]
            .iter()
            .map(|anchor| file(page, anchor, base, budget))
            .collect();
        let mut counts = vec![0];
        for file in &files {
            counts.push(counts[counts.len() - 1] + usize::from(file.is_some()));
        }
        Self { first, files, counts }
    }

    /// Returns whether most links of an element lead to files, and its heading
    /// does not say that they are others.
    fn are_files(&self, page: &Page, element: usize) -> bool {
        let range = page.elements[element].blocks.clone();
        let at = |block: usize| {
            let index = page.anchors.partition_point(|anchor| anchor.block < block);
            index.saturating_sub(self.first).min(self.files.len())
        };
        let (from, to) = (at(range.start), at(range.end));
        let files = self.counts[to] - self.counts[from];
        let mut opening = page.blocks[range].iter().take(3);
        let heading = opening.find(|block| matches!(block.kind, Kind::Heading(_)));
        heading.is_none_or(|heading| heads_files(&heading.text)) && files * 2 > to - from
    }
}

/// Returns the element that holds title and text.
fn own_element(page: &Page, region: &Region, heading: Option<usize>) -> usize {
    let Some(heading) = heading.filter(|index| !page.blocks[*index].is_beside) else {
        return region.element;
    };
    let common = page.common(page.blocks[heading].element, region.element);
    // A heading above all columns says nothing of what belongs to the text.
    let (all, own) = (&page.elements[common].blocks, &page.elements[region.element].blocks);
    if all.len() > own.len() * 3 + 30 { region.element } else { common }
}

/// Returns boxes right below an element that hold files and nothing else.
fn boxes_below(page: &Page, own: usize, links: &Links) -> Vec<usize> {
    const MOST_BOXES: usize = 3;
    let mut boxes = Vec::new();
    let mut at = own;
    for _ in 0..2 {
        let parent = page.elements[at].parent;
        if parent == at || matches!(page.elements[at].name, "main" | "body") {
            break;
        }
        for (index, element) in page.elements.iter().enumerate().skip(at + 1) {
            if element.parent != parent || element.blocks.start < page.elements[at].blocks.end {
                continue;
            }
            if element.is_aside || boxes.len() == MOST_BOXES || !links.are_files(page, index) {
                break;
            }
            boxes.push(index);
        }
        at = parent;
    }
    boxes
}

/// Returns whether a link stands beside the text: in an aside that is none of
/// the text, or in an element that refers to other pages.
fn is_beside(page: &Page, region: &Region, anchor: &Anchor, own: usize, links: &Links) -> bool {
    let mut at = anchor.element;
    while at > own {
        let element = &page.elements[at];
        // An aside among the paragraphs is the text's own.
        if element.is_aside {
            return !page.is_inside(element.parent, region.element);
        }
        if element.is_suspect {
            let has_heading = heading_above(page, anchor).is_some_and(heads_files);
            return !has_heading && !links.are_files(page, at);
        }
        at = element.parent;
    }
    false
}

/// Returns the heading that stands over a link.
fn heading_above<'a>(page: &'a Page, anchor: &Anchor) -> Option<&'a str> {
    let from = anchor.block.min(page.blocks.len());
    let mut above = page.blocks[..from].iter().rev().take(12);
    above.find(|block| matches!(block.kind, Kind::Heading(_))).map(|block| block.text.as_str())
}

/// Returns the file a link leads to, if it is one: by its address, its type or its words.
fn file(page: &Page, anchor: &Anchor, base: Option<&Url>, budget: &Budget) -> Option<Enclosure> {
    let url = resolve(&anchor.href, base, budget)?;
    let around = page.blocks.get(anchor.block).map_or("", |block| block.text.as_str());
    let row = if around.chars().count() <= 200 { around } else { "" };
    let format = format_of(&url)
        .or_else(|| inner_format(&url))
        .or_else(|| anchor.media_type.as_deref().and_then(format_of_media_type))
        .or_else(|| format_in(&anchor.words))
        .or_else(|| format_in(&anchor.title))
        .or_else(|| says_file(anchor, row, &url))?;
    let words = clean_line(&anchor.words, 200);
    let is_picture = ["jpg", "jpeg", "png", "gif", "webp", "svg", "mp3", "mp4"]
        .iter()
        .any(|ending| url.to_ascii_lowercase().ends_with(ending));
    if is_picture {
        return None;
    }
    let speaks = words.chars().any(char::is_alphanumeric) && !heads_files(&words);
    Some(Enclosure {
        media_type: media_type_of(format).map(str::to_owned).or_else(|| anchor.media_type.clone()),
        length: size_in(&words).or_else(|| size_in(row)),
        title: speaks.then(|| escape(&words)),
        url,
    })
}

/// Returns the format of `/satzung.pdf/view`: a page round the file, which hands it out.
fn inner_format(url: &str) -> Option<&'static str> {
    let (file, last) = url.split(['?', '#']).next()?.trim_end_matches('/').rsplit_once('/')?;
    matches!(last, "view" | "download" | "file" | "at_download").then(|| format_of(file)).flatten()
}

/// Returns the format that a `download` attribute says, or a path for downloads with a size or
/// format beside it.
fn says_file(anchor: &Anchor, row: &str, url: &str) -> Option<&'static str> {
    let beside = format_in(row);
    if anchor.is_download {
        return beside.or(Some(""));
    }
    let path = url.to_ascii_lowercase();
    let is_path = ["/download", "/datei", "/file", "/media/", "/attachment", "/dokument"]
        .iter()
        .any(|part| path.contains(part));
    if beside.is_some() && (size_in(row).is_some() || is_path) && words(row).count() < 25 {
        return beside;
    }
    None
}
