//! Title, link, date and teaser of one repeated stretch of the page.

use super::dates::{self, Hit, How, Period};
use super::entry::{Entry, MAX_TITLE, heads, is_heading, is_telling, is_title, shown_title};
use super::ground::{Ground, Region};
use super::kicker;
use super::outline::{NONE, Outline, Piece, Span};
use crate::model::Date;
use crate::text;
use crate::text::{begins_leading_on, leads_on, without_link_ends};

const MAX_TEASER: usize = 2_000;

/// Reads the entries of a region. Entries without a title stay out.
pub(super) fn entries(ground: &Ground<'_>, region: &Region) -> Vec<Entry> {
    let skip_heads = kicker::repeated_heads(ground.outline, &region.items);
    let mut entries: Vec<Entry> =
        region.items.iter().filter_map(|span| entry(ground, span, skip_heads)).collect();
    kicker::set_apart(ground, &mut entries);
    let slot = main_slot(ground, &entries);
    for entry in &mut entries {
        set_date(ground, entry, slot);
        if entry.date.is_none() || entry.is_near {
            set_date_above(ground, entry, region.parent);
        }
        set_teaser(ground, entry);
    }
    date_by_titles(ground, &mut entries);
    date_by_teasers(ground, &mut entries);
    entries
}

fn entry(ground: &Ground<'_>, span: &Span, skip_heads: usize) -> Option<Entry> {
    let outline = ground.outline;
    let mut entry = Entry {
        span: span.clone(),
        title_el: NONE,
        link_el: NONE,
        date_el: NONE,
        ..Entry::default()
    };
    title(ground, &mut entry, skip_heads);
    if entry.title.is_empty() {
        return None;
    }
    link(ground, &mut entry);
    lengthen(outline, &mut entry);
    Some(entry)
}

fn title(ground: &Ground<'_>, entry: &mut Entry, skip_heads: usize) {
    let outline = ground.outline;
    let span = entry.span.clone();
    let named = outline.els_in(&span).find(|el| {
        let node = outline.els[*el].node;
        matches!(node.attr("itemprop"), Some("headline"))
            || node.value().classes().any(|class| matches!(class, "entry-title" | "p-name"))
    });
    let heading = heads(outline, &span).skip(skip_heads);
    let marked = named.into_iter().map(|el| (el, true)).chain(heading.map(|el| (el, true)));
    // What stays of an entry that is folded up names it.
    let folded = outline.els_in(&span).find(|el| outline.els[*el].name == "summary");
    let (within, alone): (Vec<usize>, Vec<usize>) =
        title_anchors(ground, &span).into_iter().partition(|el| is_in_sentence(ground, *el));
    let linked = folded.into_iter().chain(alone).map(|el| (el, false));
    let bold = outline
        .els_in(&span)
        .filter(|el| {
            let el = &outline.els[*el];
            matches!(el.name, "strong" | "b" | "th" | "dt") && !el.is_chrome
        })
        .map(|el| (el, false));
    // One word may be a title where it stands as one.
    let short = heads(outline, &span).skip(skip_heads).filter(|el| {
        let words = shown_title(ground, &outline.els[*el].span);
        words.chars().filter(|c| c.is_alphabetic()).count() >= 4 && !leads_on(&words)
    });
    let long = marked.chain(linked).map(|found| (found, false));
    let short = short.map(|el| ((el, true), true));
    // A link within sentences leads to something that they mention.
    let last = bold.chain(within.into_iter().map(|el| (el, false)));
    let candidates = long.chain(short).chain(last.map(|found| (found, false)));
    for ((el, is_headed), may_be_short) in candidates {
        let el = if is_headed { el } else { inner_title(ground, el) };
        let words = shown_title(ground, &outline.els[el].span);
        let is_date = outline
            .pieces_in(&outline.els[el].span)
            .iter()
            .all(|piece| ground.is_pure_date(piece.at) || ground.is_parted_date(piece.at));
        if (may_be_short || is_title(&words)) && !is_date {
            entry.is_headed = is_headed;
            take_title(ground, entry, el, &words);
            return;
        }
    }
    // Bare words: the first text that is no date and no label.
    let pieces = outline.pieces_in(&span);
    let long = |piece: &&Piece<'_>| {
        let words = piece.text.trim();
        words.split_whitespace().count() >= 3 && !ground.is_date(piece.at)
    };
    let found = pieces.iter().find(long).or_else(|| {
        pieces.iter().find(|piece| is_telling(piece.text.trim()) && !ground.is_date(piece.at))
    });
    if let Some(piece) = found {
        let words = text::clean_line(piece.text, MAX_TITLE);
        entry.title_span = piece.at..piece.at + 1;
        entry.title_el = NONE;
        set_words(ground, entry, &words);
    }
}

/// The element of the title within an anchor that goes round a whole entry: what is bold in
/// it, else its first element with a title's words.
fn inner_title(ground: &Ground<'_>, el: usize) -> usize {
    let outline = ground.outline;
    let is_whole = |el: usize| {
        matches!(outline.els[el].name, "div" | "p" | "ul" | "table" | "figure" | "section")
    };
    if outline.els[el].name != "a" || !outline.inside(el).any(is_whole) {
        return el;
    }
    let tells = |el: &usize| {
        let span = &outline.els[*el].span;
        let words = shown_title(ground, span);
        // One word beside a date is a category: `24.11.2026 / Bürgerservice`.
        let rest =
            dates::before_title(&words, ground.reading).and_then(|(_, from)| words.get(from..));
        is_title(&words)
            && rest.is_none_or(|rest| rest.split_whitespace().count() > 1)
            && !outline.pieces_in(span).iter().any(|p| ground.is_pure_date(p.at))
    };
    let bold =
        outline.inside(el).find(|el| matches!(outline.els[*el].name, "b" | "strong") && tells(el));
    let innermost =
        |el: &usize| outline.pieces_in(&outline.els[*el].span).iter().all(|p| p.el == *el);
    bold.or_else(|| outline.inside(el).find(|el| innermost(el) && tells(el))).unwrap_or(el)
}

fn take_title(ground: &Ground<'_>, entry: &mut Entry, el: usize, words: &str) {
    entry.title_el = el;
    entry.title_span = ground.outline.els[el].span.clone();
    set_words(ground, entry, words);
}

/// Sets the title, without a date before it.
fn set_words(ground: &Ground<'_>, entry: &mut Entry, words: &str) {
    let words = without_link_ends(words);
    if let Some((date, from)) = dates::before_title(words, ground.reading) {
        (entry.date, entry.how) = (Some(date), Some(How::Leading));
        words.get(from..).unwrap_or(words).clone_into(&mut entry.title);
    } else {
        words.clone_into(&mut entry.title);
    }
}

/// Anchors whose words may be the title, best first: those that stand alone in their
/// line before those within sentences, the long ones before the short.
fn title_anchors(ground: &Ground<'_>, span: &Span) -> Vec<usize> {
    let outline = ground.outline;
    let mut found: Vec<(bool, usize, usize)> = outline
        .anchors_in(span)
        .iter()
        .filter(|el| ground.page_link(**el).is_some())
        .filter_map(|el| {
            let words = outline.words(&outline.els[*el].span, MAX_TITLE);
            let is_title = is_title(&words);
            is_title.then(|| (is_in_sentence(ground, *el), words.chars().count(), *el))
        })
        .collect();
    // The first that stands alone, unless a later one says much more.
    found.sort_by_key(|(in_sentence, length, _)| (*in_sentence, *length < 15));
    found.into_iter().map(|(_, _, el)| el).collect()
}

/// Returns whether an entry holds titles of other entries: anchors like its own that lead elsewhere.
pub(super) fn holds_other_titles(ground: &Ground<'_>, entry: &Entry) -> bool {
    let outline = ground.outline;
    if entry.link_el == NONE {
        return false;
    }
    let own = &outline.els[entry.link_el];
    title_anchors(ground, &entry.span).into_iter().any(|el| {
        outline.els[el].kind == own.kind
            && !is_in_sentence(ground, el)
            && ground.page_link(el) != entry.link.as_deref()
            && ground.outline.els[el].name == own.name
            && (outline.els[el].parent == own.parent
                || kind_of_parent(outline, el) == kind_of_parent(outline, entry.link_el))
    })
}

fn kind_of_parent(outline: &Outline<'_>, el: usize) -> Option<u64> {
    outline.els.get(outline.els[el].parent).map(|parent| parent.kind)
}

/// Returns whether an anchor stands within running text.
fn is_in_sentence(ground: &Ground<'_>, el: usize) -> bool {
    let outline = ground.outline;
    let parent = outline.els[el].parent;
    if parent == NONE {
        return false;
    }
    let own: usize = outline
        .pieces_in(&outline.els[parent].span)
        .iter()
        .filter(|piece| piece.el == parent && !ground.is_date(piece.at))
        .map(|piece| piece.text.chars().filter(|c| c.is_alphabetic()).count())
        .sum();
    matches!(outline.els[parent].name, "p" | "span" | "em" | "div") && own > 30
}

fn link(ground: &Ground<'_>, entry: &mut Entry) {
    let outline = ground.outline;
    let within = outline.anchors_in(&entry.title_span).first().copied();
    let round = if entry.title_el == NONE {
        outline.pieces_in(&entry.title_span).first().map_or(NONE, |piece| piece.el)
    } else {
        entry.title_el
    };
    let round = outline
        .ancestors(round)
        .take(12)
        .find(|el| outline.els[*el].name == "a" && outline.els[*el].node.attr("href").is_some());
    let inside = outline.anchors_in(&entry.span);
    let leading = inside.iter().copied().filter(|el| {
        let words = outline.joined(outline.pieces_in(&outline.els[*el].span).iter(), 200);
        leads_on(&words) || begins_leading_on(&words)
    });
    let others = inside.iter().copied().filter(|el| !is_in_sentence(ground, *el));
    for el in within.into_iter().chain(round).chain(leading).chain(others) {
        if let Some(url) = ground.page_link(el) {
            (entry.link, entry.link_el) = (Some(url.to_owned()), el);
            return;
        }
    }
    // A place on this page tells entries apart that have no page of their own.
    let toggle = within.into_iter().chain(round).chain(inside.iter().copied()).find_map(|el| {
        let href = outline.els[el].node.attr("href")?.trim();
        let id = href.strip_prefix('#').filter(|id| id.len() > 1)?;
        Some((el, id))
    });
    if let Some((el, id)) = toggle {
        entry.link = ground.around.place(id);
        entry.link_el = el;
    }
}

/// A title that is cut is taken whole from where the page keeps it.
fn lengthen(outline: &Outline<'_>, entry: &mut Entry) {
    let cut = entry.title.trim_end_matches(['.', '…', ' ']);
    if cut.len() == entry.title.len() || !entry.title.ends_with(['…', '.']) || cut.len() < 8 {
        return;
    }
    if !(entry.title.ends_with('…') || entry.title.ends_with("...")) {
        return;
    }
    let whole = outline
        .anchors_in(&entry.span)
        .iter()
        .filter_map(|el| outline.els[*el].node.attr("title"))
        .map(|title| text::clean_line(title, MAX_TITLE))
        .find(|title| title.starts_with(cut) && title.len() > entry.title.len());
    if let Some(whole) = whole {
        entry.title = whole;
    }
}

/// The hits that may date an entry: not those in its title unless they stand apart there.
fn usable<'a>(ground: &'a Ground<'_>, entry: &'a Entry) -> impl Iterator<Item = &'a Hit> {
    ground
        .hits_in(&entry.span)
        .iter()
        .filter(|hit| !entry.title_span.contains(&hit.at) || hit.is_pure || hit.how == How::Marked)
}

/// Returns where a hit stands: its way, and name and classes of its element.
fn slot_of(ground: &Ground<'_>, hit: &Hit) -> (How, u64) {
    (hit.how, ground.outline.els[hit.el].kind)
}

/// The slot that dates most entries; of equal ones the one that comes first.
fn main_slot(ground: &Ground<'_>, entries: &[Entry]) -> Option<(How, u64)> {
    let mut counted: Vec<((How, u64), usize)> = Vec::new();
    for entry in entries {
        let mut seen: Vec<(How, u64)> = Vec::new();
        for hit in usable(ground, entry).filter(|hit| !hit.is_change) {
            let slot = slot_of(ground, hit);
            if seen.contains(&slot) {
                continue;
            }
            seen.push(slot);
            match counted.iter_mut().find(|(known, _)| *known == slot) {
                Some((_, count)) => *count += 1,
                None => counted.push((slot, 1)),
            }
        }
    }
    let most = counted.iter().map(|(_, count)| *count).max()?;
    let often = counted.into_iter().filter(|(_, count)| *count * 10 >= most * 9);
    often.min_by_key(|((how, _), _)| *how).map(|(slot, _)| slot)
}

fn set_date(ground: &Ground<'_>, entry: &mut Entry, slot: Option<(How, u64)>) {
    let hits: Vec<&Hit> = usable(ground, entry).collect();
    let best = slot
        .and_then(|slot| hits.iter().find(|hit| slot_of(ground, hit) == slot && !hit.is_change))
        .or_else(|| hits.iter().filter(|hit| !hit.is_change).min_by_key(|hit| hit.how))
        .or_else(|| hits.first());
    let is_led = entry.how == Some(How::Leading);
    if let Some(hit) = best.filter(|hit| !is_led || hit.how < How::Leading).copied().cloned() {
        (entry.date, entry.date_el, entry.how) = (Some(hit.date), hit.el, Some(hit.how));
        (entry.is_event, entry.is_near) = (hit.is_event, hit.is_near);
    }
}

/// The date that heads the group an entry stands in: before an element round it. A month or a
/// year there completes the day that the entry says.
fn set_date_above(ground: &Ground<'_>, entry: &mut Entry, top: usize) {
    let outline = ground.outline;
    let first = outline.els_in(&entry.span).next();
    for inner in first.into_iter().flat_map(|el| outline.ancestors(el)).take(4) {
        let parent = outline.els[inner].parent;
        if parent == NONE || inner == top {
            return;
        }
        // Siblings of the entry's own are other entries; a heading before it heads it too.
        let before = outline
            .before(inner)
            .take(60)
            .find(|el| is_heading(outline.els[*el].name) || Some(inner) != first);
        let Some(before) = before else { continue };
        let words = outline.words(&outline.els[before].span, 60);
        if words.chars().count() > 40 {
            continue;
        }
        if let Some(date) = Period::of(&words).and_then(|period| day_of(ground, entry, period)) {
            // No selector finds a date in two places.
            (entry.date, entry.date_el, entry.how) = (Some(date), NONE, Some(How::Alone));
            entry.is_near = false;
            return;
        }
        let hit = ground.hits_in(&outline.els[before].span).first();
        if let Some(hit) = hit.filter(|hit| hit.is_pure && !hit.is_near && !entry.is_near) {
            (entry.date, entry.date_el, entry.how) = (Some(hit.date), hit.el, Some(hit.how));
            return;
        }
    }
}

/// The day of a period that a text of an entry names.
fn day_of(ground: &Ground<'_>, entry: &Entry, period: Period) -> Option<Date> {
    let pieces = ground.outline.pieces_in(&entry.span);
    pieces.iter().take(12).find_map(|piece| {
        let text = piece.text.trim();
        (text.len() <= 20).then(|| period.day(text, ground.reading)).flatten()
    })
}

/// The dates at the ends of titles, where most titles end so: journals and decisions are
/// named by their day.
fn date_by_titles(ground: &Ground<'_>, entries: &mut [Entry]) {
    let of_title = |entry: &Entry| {
        entry.date.is_none().then(|| dates::at_end(&entry.title, ground.reading)).flatten()
    };
    let dates: Vec<Option<Date>> = entries.iter().map(of_title).collect();
    if dates.iter().flatten().count() * 3 < entries.len() * 2 {
        return;
    }
    for (entry, date) in entries.iter_mut().zip(dates) {
        if let Some(date) = date {
            (entry.date, entry.date_el, entry.how) =
                (Some(date), entry.title_el, Some(How::Leading));
        }
    }
}

/// The dates behind teasers, where most end so; they are no part of the teaser.
fn date_by_teasers(ground: &Ground<'_>, entries: &mut [Entry]) {
    let of_teaser = |entry: &Entry| {
        entry.date.is_none().then(|| dates::behind(&entry.teaser, ground.reading)).flatten()
    };
    let dates: Vec<_> = entries.iter().map(of_teaser).collect();
    if dates.iter().flatten().count() * 3 < entries.len() * 2 {
        return;
    }
    for (entry, found) in entries.iter_mut().zip(dates) {
        if let Some((date, end)) = found {
            (entry.date, entry.date_el, entry.how) = (Some(date), NONE, Some(How::Leading));
            entry.teaser.truncate(end);
        }
    }
}

fn set_teaser(ground: &Ground<'_>, entry: &mut Entry) {
    let outline = ground.outline;
    let pieces = outline.pieces_in(&entry.span);
    let is_told = |piece: &&Piece<'_>| {
        let el = &outline.els[piece.el];
        if entry.title_span.contains(&piece.at) || el.is_spoken || el.is_chrome {
            return false;
        }
        if ground.hits_at(piece.at).is_some_and(|hit| hit.how != How::Leading) {
            return false;
        }
        // A label before the end of a comment that began nowhere.
        if piece.text.trim_end().ends_with("-->") {
            return false;
        }
        let anchor = outline.ancestors(piece.el).take(4).find(|el| outline.els[*el].name == "a");
        !anchor.is_some_and(|el| {
            let words = outline.words(&outline.els[el].span, 200);
            leads_on(&words) || begins_leading_on(&words)
        })
    };
    let told: Vec<_> = pieces.iter().filter(is_told).collect();
    let issuer = told.iter().map(|piece| text::clean_line(piece.text, 120));
    entry.category = issuer.into_iter().find(|words| is_issuer(words)).or(entry.category.take());
    let words = outline.joined(told.into_iter(), MAX_TEASER);
    entry.teaser = words.trim_matches(['|', '[', ']', ' ', '»', ',', '·']).to_owned();
}

/// Returns whether words name the authority that issues: a ministry's line above a release.
fn is_issuer(words: &str) -> bool {
    (words.starts_with("Ministerium ")
        || words.starts_with("Staatskanzlei")
        || words.starts_with("Pressemitteilung"))
        && words.len() < 100
        && !words.ends_with('.')
}
