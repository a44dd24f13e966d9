//! Regions that may be a list: siblings that repeat, with what stands between them.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::entry::{is_heading, is_telling, is_title};
use super::ground::{Ground, Region};
use super::outline::{NONE, Span};
use crate::model::Exhausted;
use crate::text::{Rubric, rubric};

/// Most groups of siblings that are looked at within one element.
const MOST_GROUPS: usize = 12;
/// Most items of a region.
const MOST_ITEMS: usize = 1_000;

/// Returns all regions of the page worth reading.
pub(super) fn regions(ground: &Ground<'_>) -> Result<Vec<Region>, Exhausted> {
    let outline = ground.outline;
    let mut regions = Vec::new();
    let mut seen: HashSet<(u32, u32, usize)> = HashSet::new();
    for parent in 0..outline.els.len() {
        if outline.els[parent].is_chrome {
            continue;
        }
        let children: Vec<usize> =
            outline.children(parent).filter(|el| !outline.els[*el].is_chrome).collect();
        ground.budget.step(children.len() + 1)?;
        if children.is_empty() {
            continue;
        }
        let dated = dated_rows(ground, &children);
        let headed = dated.and_then(|group| segments(ground, parent, &children, &group));
        regions.extend(headed.filter(|region| is_promising(ground, region)));
        for group in groups(ground, &children) {
            ground.budget.step(group.len() * 4)?;
            let whole = Region {
                parent,
                items: group.iter().map(|el| outline.els[*el].span.clone()).collect(),
                els: group.clone(),
                ..Region::default()
            };
            let flat = segments(ground, parent, &children, &group);
            let spread = spread(ground, parent, &group);
            for region in flat.into_iter().chain([whole]).chain(spread) {
                let (Some(first), Some(last)) = (region.items.first(), region.items.last()) else {
                    continue;
                };
                let mark = (first.start, last.end, region.items.len());
                if seen.insert(mark) && is_promising(ground, &region) {
                    regions.push(region);
                }
            }
        }
    }
    Ok(regions)
}

/// Returns children that are alike: by name, by name and classes, by what they begin with, by what
/// they hold, by one class.
fn groups(ground: &Ground<'_>, children: &[usize]) -> Vec<Vec<usize>> {
    let outline = ground.outline;
    let mut by_name: HashMap<&str, Vec<usize>> = HashMap::new();
    let mut by_kind: HashMap<u64, Vec<usize>> = HashMap::new();
    let mut by_inner: HashMap<(u64, &str), Vec<usize>> = HashMap::new();
    let mut by_build: HashMap<(&str, Vec<&str>), Vec<usize>> = HashMap::new();
    let mut by_class: HashMap<(&str, &str), Vec<usize>> = HashMap::new();
    for el in children {
        let found = &outline.els[*el];
        if matches!(found.name, "br" | "hr" | "img" | "col" | "colgroup" | "thead" | "caption") {
            continue;
        }
        by_name.entry(found.name).or_default().push(*el);
        by_kind.entry(found.kind).or_default().push(*el);
        if let Some(inner) = outline.children(*el).next() {
            let inner = (found.kind, outline.els[inner].name);
            by_inner.entry(inner).or_default().push(*el);
        }
        // Rows whose classes alternate hold the same cells.
        let cells: Vec<&str> =
            outline.children(*el).take(8).map(|inner| outline.els[inner].name).collect();
        by_build.entry((found.name, cells)).or_default().push(*el);
        for class in found.node.value().classes().take(6) {
            by_class.entry((found.name, class)).or_default().push(*el);
        }
    }
    let mut groups: Vec<Vec<usize>> = by_name
        .into_values()
        .chain(by_kind.into_values())
        .chain(by_inner.into_values())
        .chain(by_build.into_values())
        .chain(by_class.into_values())
        .filter(|group| group.len() >= 2)
        .collect();
    for group in &mut groups {
        group.truncate(MOST_ITEMS);
    }
    groups.sort_unstable();
    groups.dedup();
    groups.sort_by_key(|group| std::cmp::Reverse(group.len()));
    groups.truncate(MOST_GROUPS);
    groups
}

/// Returns the siblings of one name with a date, if each has the same number of undated ones behind
/// it: an entry takes several rows of a table.
fn dated_rows(ground: &Ground<'_>, children: &[usize]) -> Option<Vec<usize>> {
    const LEAST: usize = 3;
    const LONGEST: usize = 8;
    if children.len() < LEAST * 2 {
        return None;
    }
    let outline = ground.outline;
    let is_dated = |el: &usize| {
        ground.hits_in(&outline.els[*el].span).iter().any(|hit| hit.how <= super::dates::How::Alone)
    };
    let places: Vec<usize> =
        (0..children.len()).filter(|place| is_dated(&children[*place])).take(MOST_ITEMS).collect();
    if places.len() < LEAST || places.len() * 2 > children.len() {
        return None;
    }
    let name = outline.els[children[places[0]]].name;
    let gaps: Vec<usize> = places.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let mut sorted = gaps.clone();
    sorted.sort_unstable();
    let usual = sorted[sorted.len() / 2];
    let regular = gaps.iter().filter(|gap| **gap == usual).count();
    let is_regular = (2..=LONGEST).contains(&usual) && regular * 10 >= gaps.len() * 8;
    let group: Vec<usize> = places.into_iter().map(|place| children[place]).collect();
    let is_alike = group.iter().all(|el| outline.els[*el].name == name);
    (is_regular && is_alike).then_some(group)
}

/// Returns whether at least two items hold words that can be a title, most of them with a
/// link or a heading.
fn is_promising(ground: &Ground<'_>, region: &Region) -> bool {
    let outline = ground.outline;
    let mut telling = 0;
    let mut named = 0;
    for span in region.items.iter().take(60) {
        let pieces = outline.pieces_in(span);
        if pieces.iter().take(40).any(|piece| is_telling(piece.text)) {
            telling += 1;
            let has_link = !outline.anchors_in(span).is_empty()
                || outline.ancestors(region.parent).take(2).any(|el| outline.els[el].name == "a");
            let is_named = has_link
                || outline.els_in(span).any(|el| {
                    is_heading(outline.els[el].name)
                        || matches!(outline.els[el].name, "strong" | "b" | "dt")
                });
            named += usize::from(is_named);
        }
    }
    let looked_at = region.items.len().min(60);
    telling >= 2 && named * 2 >= telling && telling * 3 >= looked_at
}

/// Returns the stretches that the members of a group head where other siblings stand between them:
/// up to the next member, and from the date before it if dates stand before.
fn segments(
    ground: &Ground<'_>,
    parent: usize,
    children: &[usize],
    group: &[usize],
) -> Option<Region> {
    let outline = ground.outline;
    if let Some(lines) = lines(ground, parent, children, group) {
        return Some(lines);
    }
    let places: HashMap<usize, usize> =
        children.iter().enumerate().map(|(place, el)| (*el, place)).collect();
    let members: Vec<usize> = group.iter().filter_map(|el| places.get(el).copied()).collect();
    let between = members.windows(2).filter(|pair| pair[1] - pair[0] > 1).count();
    if between * 2 < members.len().saturating_sub(1).max(1) {
        return None;
    }
    // Siblings built like the members, with words that can be a title, are entries themselves.
    let build = |el: usize| {
        let inner = outline.children(el).next().map(|inner| outline.els[inner].name);
        (outline.els[el].name, inner)
    };
    let first = build(group[0]);
    let is_entry = |el: usize| {
        let span = &outline.els[el].span;
        first.1.is_some()
            && build(el) == first
            && outline.els_in(span).any(|el| {
                (is_heading(outline.els[el].name) || outline.els[el].name == "a")
                    && is_title(&outline.words(&outline.els[el].span, 200))
            })
    };
    if children.iter().any(|el| group.binary_search(el).is_err() && is_entry(*el)) {
        return None;
    }
    let dated = |place: usize| {
        let span = &outline.els[children[place]].span;
        ground.hits_in(span).iter().any(|hit| hit.how != super::dates::How::Leading)
    };
    // How many siblings before its member a stretch begins.
    let shift = (1..=3)
        .find(|shift| {
            let reaches = |place: usize| place >= *shift && dated(place - shift);
            let first = members.first().is_some_and(|place| reaches(*place));
            let all = members.iter().filter(|place| reaches(**place)).count();
            // Nothing of the stretch before may lie between.
            let apart = members.windows(2).all(|pair| pair[1] - pair[0] > *shift);
            first && apart && all * 10 >= members.len() * 7
        })
        .unwrap_or(0);
    let starts: Vec<usize> = members.iter().map(|place| place - shift).collect();
    let mut lengths: Vec<usize> = starts.windows(2).map(|pair| pair[1] - pair[0]).collect();
    lengths.sort_unstable();
    let usual = lengths.get(lengths.len() / 2).copied().unwrap_or(1);
    let level = |el: usize| heading_level(outline.els[el].name);
    let items = starts
        .iter()
        .enumerate()
        .map(|(index, start)| {
            let limit = starts.get(index + 1).copied().unwrap_or(children.len());
            let limit =
                if index + 1 == starts.len() { limit.min(start + usual.max(2)) } else { limit };
            // A heading above the members' ends the stretch.
            let own = level(children[members[index]]);
            let end = (start + shift + 1..limit)
                .find(|place| {
                    let other = level(children[*place]);
                    other > 0 && own > 0 && other < own
                })
                .unwrap_or(limit);
            outline.els[children[*start]].span.start..outline.els[children[end - 1]].span.end
        })
        .collect();
    Some(Region { parent, items, els: group.to_vec(), is_flat: true, is_spread: false })
}

/// Returns the like children, or children of children, of all members: the list is parted by
/// days or months, or into rows of tiles. Members under a heading of another thing, or
/// of a section of its own, stay out.
fn spread(ground: &Ground<'_>, parent: usize, group: &[usize]) -> Vec<Region> {
    let outline = ground.outline;
    let parts: Vec<usize> = group
        .iter()
        .copied()
        .filter(|el| {
            let heading = heading_right_over(ground, *el);
            heading.is_none_or(|words| {
                words.bytes().any(|byte| byte.is_ascii_digit())
                    || rubric(&words) == Some(Rubric::News)
            })
        })
        .collect();
    if parts.len() < 2 {
        return Vec::new();
    }
    let inner = |els: &[usize]| -> Vec<(usize, usize)> {
        els.iter()
            .enumerate()
            .flat_map(|(part, el)| outline.children(*el).map(move |child| (part, child)))
            .filter(|(_, el)| !outline.els[*el].is_chrome)
            .take(MOST_ITEMS)
            .collect()
    };
    let children = inner(&parts);
    let flat: Vec<usize> = children.iter().map(|(_, el)| *el).collect();
    let deeper: Vec<(usize, usize)> =
        inner(&flat).into_iter().map(|(index, el)| (children[index].0, el)).collect();
    let mut regions = Vec::new();
    for level in [children, deeper] {
        let mut by_kind: BTreeMap<u64, Vec<(usize, usize)>> = BTreeMap::new();
        for (part, el) in level {
            by_kind.entry(outline.els[el].kind).or_default().push((part, el));
        }
        for members in by_kind.into_values() {
            let mut spread_over: Vec<usize> = members.iter().map(|(part, _)| *part).collect();
            spread_over.dedup();
            if spread_over.len() < 2 || members.len() < 3 || members.len() == spread_over.len() {
                continue;
            }
            let els: Vec<usize> = members.iter().map(|(_, el)| *el).collect();
            let items = els.iter().map(|el| outline.els[*el].span.clone()).collect();
            regions.push(Region { parent, items, els, is_flat: false, is_spread: true });
        }
    }
    regions
}

/// Returns the heading that stands right before an element, or first in it, alone or in an
/// element of its own.
fn heading_right_over(ground: &Ground<'_>, el: usize) -> Option<String> {
    let outline = ground.outline;
    let heading_of = |el: usize| {
        if is_heading(outline.els[el].name) {
            return Some(el);
        }
        let span = &outline.els[el].span;
        let is_lone = ground.headings_in(span).len() == 1 && outline.pieces_in(span).len() <= 3;
        outline.inside(el).find(|el| is_heading(outline.els[*el].name)).filter(|_| is_lone)
    };
    let before = outline.before(el).next().and_then(heading_of);
    let first = outline.children(el).next().and_then(heading_of);
    before.or(first).map(|heading| outline.words(&outline.els[heading].span, 120))
}

fn heading_level(name: &str) -> u8 {
    match name.as_bytes() {
        [b'h', level @ b'1'..=b'6'] => level - b'0',
        _ => 0,
    }
}

/// Links in lines that only `br` parts, with the bare text beside them.
fn lines(
    ground: &Ground<'_>,
    parent: usize,
    children: &[usize],
    group: &[usize],
) -> Option<Region> {
    let outline = ground.outline;
    let is_inline =
        |el: &usize| matches!(outline.els[*el].name, "a" | "strong" | "b" | "span" | "em" | "font");
    if !group.iter().all(is_inline) {
        return None;
    }
    let breaks: Vec<u32> = children
        .iter()
        .filter(|el| outline.els[**el].name == "br")
        .map(|el| outline.els[*el].span.start)
        .collect();
    if breaks.len() + 1 < group.len() {
        return None;
    }
    let whole = &outline.els[parent].span;
    let mut items: Vec<Span> = Vec::new();
    let mut els = Vec::new();
    for el in group {
        let at = outline.els[*el].span.start;
        let after = breaks.partition_point(|stop| *stop < at);
        let start = after.checked_sub(1).map_or(whole.start, |index| breaks[index]);
        let end = breaks.get(after).copied().unwrap_or(whole.end);
        if items.last().is_none_or(|last| last.start != start) {
            items.push(start..end);
            els.push(*el);
        }
    }
    Some(Region { parent, items, els, is_flat: true, is_spread: false })
}

/// Elements that look like one item on their own: a heading that leads to a page, a
/// date or a text beside it.
pub(super) fn singles(ground: &Ground<'_>) -> Result<Vec<Region>, Exhausted> {
    let outline = ground.outline;
    let mut singles: Vec<Region> = Vec::new();
    for (heading, el) in outline.els.iter().enumerate() {
        if !is_heading(el.name) || el.name == "h1" || el.is_chrome {
            continue;
        }
        // The widest element with no other heading.
        let mut item = NONE;
        for around in outline.ancestors(el.parent).take(6) {
            ground.budget.step(1)?;
            if ground.headings_in(&outline.els[around].span).len() != 1
                || matches!(outline.els[around].name, "main" | "body")
            {
                break;
            }
            item = around;
        }
        if item == NONE {
            continue;
        }
        let span = outline.els[item].span.clone();
        let has_link = outline.anchors_in(&span).iter().any(|el| ground.page_link(*el).is_some())
            || outline.ancestors(heading).take(8).any(|el| outline.els[el].name == "a");
        if has_link && singles.last().is_none_or(|known| known.items[0] != span) {
            singles.push(Region {
                parent: outline.els[item].parent,
                items: vec![span],
                els: vec![item],
                ..Region::default()
            });
        }
    }
    Ok(singles)
}
