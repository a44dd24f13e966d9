//! Which region is the list of news.

use std::collections::{BTreeMap, HashSet};

use scraper::{Html, Selector};
use url::Url;

use super::dates::Period;
use super::entry::{Entry, is_heading, is_telling};
use super::fields;
use super::ground::{Ground, Region, folder};
use super::outline::NONE;
use super::region::{regions, singles};
use crate::model::Exhausted;
use crate::text::{Rubric, rubric};

/// Least weight of a list.
const LEAST: f64 = 3.0;
/// Most lists that are read of one page.
const MOST_LISTS: usize = 8;
/// Milliseconds that an editorial date may lie ahead: announced for tomorrow.
const AHEAD: i64 = 36 * 3_600_000;

/// Entries that belong together.
#[derive(Debug)]
pub(super) struct Choice {
    pub(super) entries: Vec<Entry>,
    pub(super) score: f64,
    pub(super) reasons: Vec<String>,
    pub(super) is_sure: bool,
}

/// A region that was read and weighed.
struct Candidate {
    region: Region,
    entries: Vec<Entry>,
    score: f64,
    reasons: Vec<String>,
    rubric: Option<Rubric>,
    dated: f64,
}

/// What the page says of itself.
struct Page {
    rubric: Option<Rubric>,
}

pub(super) fn choose(
    ground: &Ground<'_>,
    tree: &Html,
) -> Result<(Vec<Choice>, Option<String>), Exhausted> {
    let page = Page { rubric: page_rubric(ground, tree) };
    let mut candidates = Vec::new();
    for region in regions(ground)? {
        let size: usize = region.items.iter().map(|span| (span.end - span.start) as usize).sum();
        ground.budget.step(size)?;
        if let Some(candidate) = weigh(ground, &page, region) {
            candidates.push(candidate);
        }
    }
    candidates.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut lone: Vec<Candidate> =
        singles(ground)?.into_iter().filter_map(|region| weigh(ground, &page, region)).collect();
    let mut lists: Vec<Choice> = Vec::new();
    let mut why = None;
    if candidates.first().is_none_or(|best| best.score < LEAST) {
        let best = lone
            .iter()
            .position(|single| single.score >= LEAST && single.dated > 0.0)
            .map(|at| lone.swap_remove(at));
        match best {
            Some(best) => lists.push(list(ground, best, &[], &[])),
            None => why = Some(why_none(ground, &page, candidates.first())),
        }
    } else {
        let best = candidates.remove(0);
        let region = best.region.clone();
        lists.push(list(ground, best, &candidates, &lone));
        candidates.retain(|other| !overlap(&other.region, &region));
    }
    let taken: HashSet<String> =
        lists.iter().flat_map(|list| &list.entries).map(|entry| entry.title.clone()).collect();
    let mut others = candidates.into_iter();
    while lists.len() < MOST_LISTS
        && let Some(other) = others.next()
    {
        if other.entries.iter().any(|entry| !taken.contains(&entry.title)) {
            lists.push(list(ground, other, &[], &[]));
        }
    }
    Ok((lists, why))
}

/// Returns a count as a weight; no page has more than four thousand million of anything.
fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

fn overlap(one: &Region, other: &Region) -> bool {
    let span = |region: &Region| {
        let start = region.items.first().map_or(0, |span| span.start);
        let end = region.items.last().map_or(0, |span| span.end);
        start..end
    };
    let (one, other) = (span(one), span(other));
    one.start < other.end && other.start < one.end
}

fn weigh(ground: &Ground<'_>, page: &Page, region: Region) -> Option<Candidate> {
    let outline = ground.outline;
    let entries = fields::entries(ground, &region);
    if entries.is_empty() || region.items.len() > 1 && entries.len() < 2 {
        return None;
    }
    let count = number(entries.len());
    let share = |test: &dyn Fn(&Entry) -> bool| {
        number(entries.iter().filter(|entry| test(entry)).count()) / count
    };
    let mut titles: Vec<&str> = entries.iter().map(|entry| entry.title.as_str()).collect();
    titles.sort_unstable();
    titles.dedup();
    let distinct = number(titles.len()) / count;
    let links: HashSet<&str> = entries.iter().filter_map(|entry| entry.link.as_deref()).collect();
    let linked = share(&|entry| entry.link.is_some());
    let own_links = if links.is_empty() { 1.0 } else { number(links.len()) / (linked * count) };
    let dated = share(&|entry| entry.date.is_some());
    let is_ahead = |entry: &Entry| {
        entry.date.zip(ground.reading.now).is_some_and(|(date, now)| date.at.0 > now.0 + AHEAD)
    };
    let ahead = share(&is_ahead);
    let events = share(&|entry| entry.is_event);
    let words =
        number(entries.iter().map(|entry| entry.title.split_whitespace().count()).sum()) / count;
    let telling = ((words - 1.5) / 3.0).clamp(0.0, 1.0);
    let told = share(&|entry| entry.teaser.chars().count() >= 40);
    let headed = share(&|entry| entry.is_headed);
    let in_menu =
        share(&|entry| entry.link.as_deref().is_some_and(|link| ground.menu.contains(link)));
    let crowded = share(&|entry| ground.headings_in(&entry.span).len() > 3);
    let merged = share(&|entry| fields::holds_other_titles(ground, entry));
    let heading = heading_over(ground, &region);
    let own_rubric = heading.as_deref().and_then(rubric);
    let address = address_rubric(ground, &entries);
    let strange = share(&|entry| is_strange(ground, entry.link.as_deref()));
    let el = &outline.els[region.parent];
    let (is_doubtful, is_aside) = (el.is_doubtful, el.is_aside);

    let mut reasons = Vec::new();
    let mut score = 0.0;
    let mut add = |weight: f64, why: &str| {
        if weight.abs() >= 0.05 {
            score += weight;
            reasons.push(format!("{weight:+.1} {why}"));
        }
    };
    add(dated * 3.0, "dates");
    add(told * 1.2, "teasers");
    add(telling * 1.5, "titles of several words");
    add(headed * 0.8, "headings");
    add(count.ln().min(3.0) * 0.35, "number of entries");
    add(-(1.0 - distinct) * 4.0, "titles that repeat");
    add(-(1.0 - own_links) * 2.0, "links that repeat");
    add(-(1.0 - linked) * 0.5, "entries without a link");
    add(-in_menu * 4.0, "links of the menu");
    add(-merged * 3.0, "parts with several titles");
    add(-crowded * 4.0, "parts with many headings");
    add(-ahead * 3.0, "dates that lie ahead");
    add(-events * 2.0, "dates of events");
    if is_aside {
        add(-1.5, "beside the content");
    }
    if is_doubtful {
        add(-1.0, "classes of a menu");
    }
    let is_page_news = page.rubric == Some(Rubric::News);
    match own_rubric {
        Some(Rubric::News) => add(2.0, "a heading of news"),
        Some(other) if page.rubric == Some(other) => add(-0.5, "a heading of another thing"),
        Some(_) => add(-4.5, "a heading of another thing"),
        None => {}
    }
    match address {
        Some(Rubric::News) => add(1.0, "addresses of news"),
        Some(Rubric::Events | Rubric::Jobs | Rubric::Chrome) => {
            add(-2.5, "addresses of another thing");
        }
        // A page of journals that was asked for is no stray box.
        Some(found @ (Rubric::Services | Rubric::Downloads)) if page.rubric != Some(found) => {
            add(-1.5, "addresses of another thing");
        }
        _ => {}
    }
    if (0.1..0.9).contains(&strange) {
        add(-4.0, "addresses of other things among them");
    }
    if is_page_news {
        add(1.0, "a page of news");
    }
    let is_news = is_page_news || own_rubric == Some(Rubric::News) || address == Some(Rubric::News);
    if dated < 0.5
        && !(is_news
            && (telling >= 0.4 || telling >= 0.2 && headed > 0.9)
            && (told + headed + dated > 0.5 || words >= 4.0))
    {
        add(-4.0, "no dates, and nothing says that it is news");
    }
    let valid = number(entries.len()) / number(region.items.len());
    add(-(1.0 - valid) * 1.5, "parts without a title");
    Some(Candidate { region, entries, score, reasons, rubric: own_rubric, dated })
}

/// Returns the heading over a region: before it, or before an element that it stands in.
fn heading_over(ground: &Ground<'_>, region: &Region) -> Option<String> {
    let outline = ground.outline;
    let first = region.items.first()?;
    let words = |el: usize| outline.joined(outline.pieces_in(&outline.els[el].span).iter(), 120);
    let first_el = region.els.first().copied().unwrap_or(NONE);
    for from in outline.ancestors(first_el).take(12) {
        let parent = outline.els[from].parent;
        let siblings = outline.before(from).filter(|el| outline.els[*el].span.end <= first.start);
        for (distance, el) in siblings.take(6).enumerate() {
            let found = &outline.els[el];
            if heads_a_group(ground, el) {
                continue;
            }
            if is_heading(found.name) || matches!(found.name, "caption" | "legend") {
                return Some(words(el)).filter(|words| !words.is_empty());
            }
            if let [lone] = ground.headings_in(&found.span)
                && outline.pieces_in(&found.span).len() <= 4
            {
                return Some(words(*lone)).filter(|words| !words.is_empty());
            }
            // Bold words or a lone line right before it.
            if distance == 0 && outline.anchors_in(&found.span).is_empty() && !found.is_chrome {
                let line = words(el);
                if (3..=40).contains(&line.chars().count()) && rubric(&line).is_some() {
                    return Some(line);
                }
            }
        }
        if parent == NONE || matches!(outline.els[parent].name, "main" | "body") {
            break;
        }
    }
    None
}

/// Returns whether a heading names only the day, month or year of the entries below it.
fn heads_a_group(ground: &Ground<'_>, el: usize) -> bool {
    let outline = ground.outline;
    is_heading(outline.els[el].name)
        && (Period::of(&outline.words(&outline.els[el].span, 60)).is_some()
            || ground.hits_in(&outline.els[el].span).first().is_some_and(|hit| hit.is_pure))
}

/// Returns what the addresses of most entries say, by their folders.
fn address_rubric(ground: &Ground<'_>, entries: &[Entry]) -> Option<Rubric> {
    let mut counted: BTreeMap<Rubric, usize> = BTreeMap::new();
    let mut linked = 0;
    for link in entries.iter().filter_map(|entry| entry.link.as_deref()) {
        linked += 1;
        if let Some(found) = ground.rubric_of(link) {
            *counted.entry(found).or_default() += 1;
        }
    }
    let (found, count) = counted.into_iter().max_by_key(|(_, count)| *count)?;
    (count * 2 > linked).then_some(found)
}

/// Returns whether the folder of an address is of events or vacancies.
fn is_strange(ground: &Ground<'_>, link: Option<&str>) -> bool {
    let said = link.and_then(|link| ground.rubric_of(link));
    matches!(said, Some(Rubric::Events | Rubric::Jobs))
}

/// Returns host and folder of an address.
fn place(link: &str) -> String {
    let host = Url::parse(link).ok().and_then(|url| url.host_str().map(str::to_owned));
    format!("{} {}", host.unwrap_or_default(), folder(link))
}

/// Returns what the page's heading, title and address say.
fn page_rubric(ground: &Ground<'_>, tree: &Html) -> Option<Rubric> {
    let outline = ground.outline;
    let h1 = outline.els.iter().filter(|el| el.name == "h1" && !el.is_chrome).find_map(|el| {
        let words = outline.joined(outline.pieces_in(&el.span).iter(), 120);
        rubric(&words)
    });
    let title = || {
        let selector = Selector::parse("title").ok()?;
        let title: String = tree.select(&selector).next()?.text().collect();
        rubric(title.split(['|', '–']).next()?)
    };
    let path = || {
        let own = ground.own.as_ref()?;
        own.path_segments()?.rev().filter(|part| !part.is_empty()).take(2).find_map(rubric)
    };
    h1.or_else(title).or_else(path)
}

/// Puts a list together: the best region, its like elsewhere, a lead story before it;
/// without what is no entry.
fn list(ground: &Ground<'_>, best: Candidate, others: &[Candidate], lone: &[Candidate]) -> Choice {
    let outline = ground.outline;
    let Candidate { region, mut entries, score, mut reasons, .. } = best;
    let mut all = vec![region];
    let kind = |region: &Region| region.els.first().map(|el| outline.els[*el].kind);
    let home = main_folder(&entries);
    for other in others {
        let is_alike = kind(&other.region) == kind(&all[0])
            && outline.els[other.region.parent].kind == outline.els[all[0].parent].kind
            && other.region.is_flat == all[0].is_flat
            && !all[0].is_spread;
        let is_news = !matches!(other.rubric, Some(rubric) if rubric != Rubric::News)
            && !other.entries.iter().any(|entry| is_strange(ground, entry.link.as_deref()));
        // Older news below the others, as links only.
        let goes_on = home.is_some()
            && other.rubric == Some(Rubric::News)
            && other.entries.iter().all(|entry| entry.link.as_deref().map(place) == home)
            && starts_behind(other, &all)
            && !outline.els[other.region.parent].is_aside;
        if (is_alike || goes_on)
            && is_news
            && other.score >= LEAST
            && all.iter().all(|known| !overlap(known, &other.region))
        {
            entries.extend(other.entries.iter().cloned());
            all.push(other.region.clone());
            reasons.push(format!("{} more entries in a like place", other.entries.len()));
        }
    }
    let first = entries.iter().map(|entry| entry.span.start).min().unwrap_or_default();
    for single in lone {
        let Some(entry) = single.entries.first() else {
            continue;
        };
        let is_before = entry.span.end <= first;
        let is_same_folder = entry.link.as_deref().map(place) == home && home.is_some();
        let is_known =
            entries.iter().any(|known| known.link == entry.link || known.title == entry.title);
        if is_before
            && is_same_folder
            && !is_known
            && single.rubric.is_none_or(|r| r == Rubric::News)
            && !outline.els[single.region.parent].is_aside
            && entry.link.as_deref().is_none_or(|link| !ground.menu.contains(link))
        {
            entries.push(entry.clone());
            all.push(single.region.clone());
            reasons.push("a lead story before it".to_owned());
        }
    }
    entries.sort_by_key(|entry| entry.span.start);
    let entries = without_strangers(ground, entries, home.as_deref());
    Choice { entries, score, reasons, is_sure: score >= LEAST }
}

/// Returns whether a region begins behind all others.
fn starts_behind(other: &Candidate, all: &[Region]) -> bool {
    let begin = other.region.items.first().map_or(0, |span| span.start);
    all.iter().flat_map(|region| &region.items).all(|span| span.end <= begin)
}

/// Returns the folder that most entries' addresses share.
fn main_folder(entries: &[Entry]) -> Option<String> {
    let mut counted: BTreeMap<String, usize> = BTreeMap::new();
    for link in entries.iter().filter_map(|entry| entry.link.as_deref()) {
        *counted.entry(place(link)).or_default() += 1;
    }
    let (folder, count) = counted.into_iter().max_by_key(|(_, count)| *count)?;
    (count * 2 > entries.len()).then_some(folder)
}

/// Leaves out tiles that lead elsewhere, links that go on, and what stands twice.
fn without_strangers(ground: &Ground<'_>, entries: Vec<Entry>, home: Option<&str>) -> Vec<Entry> {
    let dated = entries.iter().filter(|entry| entry.date.is_some()).count();
    let mostly_dated = dated * 10 >= entries.len() * 6;
    let any_linked = entries.iter().any(|entry| entry.link.is_some());
    let mut links = HashSet::new();
    let in_menu =
        |entry: &Entry| entry.link.as_deref().is_some_and(|link| ground.menu.contains(link));
    let mostly_menu = entries.iter().filter(|entry| in_menu(entry)).count() * 2 > entries.len();
    entries
        .into_iter()
        .filter(|entry| {
            let is_elsewhere = home
                .is_some_and(|home| entry.link.as_deref().is_some_and(|link| place(link) != home));
            let is_stranger = entry.date.is_none() && mostly_dated && is_elsewhere;
            let is_menu = in_menu(entry) && !mostly_menu && entry.date.is_none();
            let is_onward = entry.date.is_none() && goes_on(&entry.title);
            let is_bare = entry.title_el == NONE
                && entry.link.is_none()
                && entry.date.is_none()
                && any_linked;
            let is_titled = is_telling(&entry.title) || entry.is_headed && entry.date.is_some();
            !is_stranger && !is_menu && !is_onward && !is_bare && is_titled
        })
        .filter(|entry| match &entry.link {
            Some(link) => links.insert((link.clone(), String::new())),
            None => links.insert((String::new(), entry.title.clone())),
        })
        .collect()
}

/// Returns whether words lead to more of a list instead of to an entry.
fn goes_on(title: &str) -> bool {
    let lower = title.to_lowercase();
    let starts = [
        "alle ",
        "weitere ",
        "zum archiv",
        "zur übersicht",
        "zum kalender",
        "mehr ",
        "ältere ",
        "neuere ",
        "nächste ",
        "vorherige ",
    ];
    title.split_whitespace().count() <= 4 && starts.iter().any(|start| lower.starts_with(start))
}

/// Returns whether a page speaks of cookies and of agreeing.
fn asks_for_consent(ground: &Ground<'_>) -> bool {
    let says = |words: &[&str]| {
        ground.outline.pieces.iter().any(|piece| {
            let lower = piece.text.to_lowercase();
            words.iter().any(|word| lower.contains(word))
        })
    };
    says(&["cookie", "datenschutz", "privacy"])
        && says(&["akzeptier", "zustimm", "einwillig", "einverstanden", "accept", "consent"])
}

fn why_none(ground: &Ground<'_>, page: &Page, best: Option<&Candidate>) -> String {
    let letters: usize = ground.outline.pieces.iter().map(|piece| piece.text.trim().len()).sum();
    if letters < 600 && asks_for_consent(ground) {
        return "only a question for consent answers, which a browser would click away: look for \
                a feed of the site, or ask its operator to let the user agent pass"
            .to_owned();
    }
    if letters < 200 {
        return "the page holds hardly any text, so its content comes by script: look for a feed \
                of the site, or for another address of the list"
            .to_owned();
    }
    let says_empty = ground.outline.pieces.iter().any(|piece| {
        let lower = piece.text.to_lowercase();
        (lower.contains("keine") || lower.contains("no "))
            && [
                "meldung",
                "einträge",
                "beiträge",
                "nachricht",
                "ergebnis",
                "artikel",
                "gefunden",
                "vorhanden",
            ]
            .iter()
            .any(|word| lower.contains(word))
            && lower.len() < 200
    });
    if says_empty {
        return "the page says that there is nothing at present".to_owned();
    }
    match (best, page.rubric) {
        (Some(best), _) => format!(
            "no list of news: the best of what repeats is `{}` and {} more ({})",
            best.entries[0].title,
            best.entries.len() - 1,
            best.reasons.last().map_or("", String::as_str)
        ),
        (None, _) => {
            "no list of news: nothing on the page repeats with words of its own".to_owned()
        }
    }
}
