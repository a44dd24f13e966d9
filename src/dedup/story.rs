//! Which story a new item joins, and which ones it is only related to.

use std::time::Duration;

use super::align::{Refuted, is_reworded, refutation};
use super::serial::told_apart;
use super::similar::Overlap;
use super::traces::{Class, Traces};
use crate::model::{ItemId, SourceId, StoryId, Timestamp};

/// Reports of one event lie at most so far apart.
pub const WINDOW: Duration = Duration::from_hours(21 * 24);

/// How long traces are worth keeping: a source that could not be read for weeks
/// brings old reports late, and their editorial dates still tell what they tell.
pub const MEMORY: Duration = Duration::from_hours(60 * 24);

/// Share of the shorter lead that a copy repeats. Seen: copies from 0.5, quotes
/// about 0.45, reports in own words up to 0.35, other news below 0.15.
const COPIED: f64 = 0.45;
const FEWEST_SHARED: usize = 9;
/// Below so many shingles a text is a teaser that may be made from a template.
const TEASER: usize = 30;
const TEASER_COPIED: f64 = 0.6;
/// From here on a teaser is no template with another name in it: one name costs
/// three shingles of thirty.
const TEASER_IDENTICAL: f64 = 0.9;
/// Share of its lead that a correction keeps.
const CORRECTED: f64 = 0.8;
/// Titles that come again need more, unless their marks agree.
const SERIAL_COPIED: f64 = 0.7;
const SERIAL_SHARED: usize = 20;
/// Words from which an identical text is no mere coincidence.
const IDENTICAL: u32 = 12;
/// A revision under a second address in the same source.
const REVISED: f64 = 0.6;
const REVISED_SHARED: usize = 40;
/// Weight of names, numbers and links from which two items are related.
const RELATED: f64 = 2.0;
/// Reports of one event in own words lie at most so far apart.
const OWN_WORDS: Duration = Duration::from_hours(10 * 24);
/// Common nouns that both have and that count together.
const COMMON_NOUNS: u32 = 2;

/// A new item, as the story question sees it.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// Where it came from.
    pub source: &'a SourceId,
    /// When we first saw it.
    pub received: Timestamp,
    pub traces: &'a Traces,
}

/// A stored item that has something in common with the new one.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// Its row.
    pub item: ItemId,
    pub story: StoryId,
    /// Where it came from.
    pub source: SourceId,
    /// When we first saw it.
    pub received: Timestamp,
    pub traces: Traces,
    /// Names it shares with the new item and that few items have.
    pub rare: Vec<Rare>,
}

/// A name that few recent items have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rare {
    /// Its hash, as in [`Traces::names`].
    pub name: u32,
    /// How many items have it, the new one not counted.
    pub items: usize,
}

/// One of several items that may be one story.
#[derive(Debug, Clone)]
pub struct Member {
    /// Where it came from.
    pub source: SourceId,
    /// When we first saw it.
    pub received: Timestamp,
    pub traces: Traces,
    /// Its story, if that was told: it stays in it.
    pub told: Option<StoryId>,
}

/// How strongly two items are tied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tie {
    /// Nothing that counts, or a guard stands between them.
    None,
    /// The same matter in own words (layer D).
    Related,
    /// One is copied from the other, or both from a third (layer C).
    Copy,
    /// One item under several names (layer B).
    Alias,
}

/// What was found between a new item and a candidate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judgement {
    /// The outcome.
    pub tie: Tie,
    /// What the leads share.
    pub overlap: Overlap,
    /// Weight of shared rare names, numbers and links.
    pub weight: f64,
    /// The guard that stands between them, if one does.
    pub guard: Option<Guard>,
}

/// Why two items that look alike are kept apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guard {
    /// One source: it means what it says twice.
    SameSource,
    /// Too far apart in time.
    Window,
    /// Their titles carry different numbers, days, months or years.
    Marks,
    /// One of them reports many things.
    RoundUp,
    /// Both name numbers, but no common one: a text made from a template.
    Numbers,
    /// Teasers that name different things: a text made from a template.
    Names,
    /// A title that comes again, without a mark that says it is the same one.
    Serial,
    /// Made from one template: one thing stands where the other has another one.
    Template(Refuted),
}

impl Judgement {
    /// Returns whether the two are alike but shown to tell different news.
    pub const fn is_refuted(&self) -> bool {
        matches!(
            self.guard,
            Some(Guard::Template(_) | Guard::Marks | Guard::RoundUp | Guard::Numbers)
        )
    }
}

/// The story of a new item.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StoryDecision {
    /// The story it joins by its strongest bond; none: it founds its own. Whether it may
    /// join is decided by `partition`, which knows the other members.
    pub joins: Option<StoryId>,
    /// Further stories of which it is a copy.
    pub copies: Vec<StoryId>,
    /// Stories that are grouped with it, strongest first.
    pub related: Vec<StoryId>,
}

/// Decides which story a new item joins and which it is related to.
pub fn story(newcomer: &Subject<'_>, candidates: &[Candidate]) -> StoryDecision {
    let mut ties: Vec<(Judgement, StoryId)> = candidates
        .iter()
        .map(|candidate| {
            let is_alias = shares_clear_alias(newcomer, candidate, candidates);
            (judge_with(newcomer, candidate, is_alias), candidate.story)
        })
        .filter(|(judgement, _)| judgement.tie != Tie::None)
        .collect();
    // Strongest first; among equals the oldest story, so that the outcome does
    // not hang on the order in which the index gave them.
    ties.sort_by(|(a, a_story), (b, b_story)| {
        (b.tie.cmp(&a.tie))
            .then(b.overlap.containment().total_cmp(&a.overlap.containment()))
            .then(b.weight.total_cmp(&a.weight))
            .then(a_story.cmp(b_story))
    });
    let joins = ties.first().filter(|(found, _)| found.tie >= Tie::Copy).map(|(_, story)| *story);
    let (mut copies, mut related) = (Vec::new(), Vec::new());
    for (found, story) in ties {
        if Some(story) == joins || copies.contains(&story) || related.contains(&story) {
            continue;
        }
        if found.tie >= Tie::Copy { copies.push(story) } else { related.push(story) }
    }
    StoryDecision { joins, copies, related }
}

/// Judges two items of which neither is newer.
pub(super) fn judge_pair(one: &Member, other: &Member) -> Judgement {
    let subject = Subject { source: &one.source, received: one.received, traces: &one.traces };
    let candidate = Candidate {
        item: ItemId(0),
        story: StoryId(0),
        source: other.source.clone(),
        received: other.received,
        traces: other.traces.clone(),
        rare: Vec::new(),
    };
    judge(&subject, &candidate)
}

/// Judges one pair, as the report of the example shows it.
pub fn judge(newcomer: &Subject<'_>, candidate: &Candidate) -> Judgement {
    let is_alias = shares_clear_alias(newcomer, candidate, std::slice::from_ref(candidate));
    judge_with(newcomer, candidate, is_alias)
}

/// Returns whether they share an alias that names one item. A page that several items
/// of one source give as their own is a list, not an identity.
fn shares_clear_alias(
    newcomer: &Subject<'_>,
    candidate: &Candidate,
    candidates: &[Candidate],
) -> bool {
    newcomer.traces.aliases.iter().any(|alias| {
        let holders = || candidates.iter().filter(|other| other.traces.aliases.contains(alias));
        candidate.traces.aliases.contains(alias)
            && holders().all(|holder| {
                holder.source != *newcomer.source
                    && holders()
                        .all(|other| other.source != holder.source || other.story == holder.story)
            })
    })
}

fn judge_with(newcomer: &Subject<'_>, candidate: &Candidate, is_alias: bool) -> Judgement {
    let (new, old) = (newcomer.traces, &candidate.traces);
    let same_source = *newcomer.source == candidate.source;
    let overlap = Overlap::of(&new.shingles, &old.shingles);
    let weight = relatedness(new, candidate);
    let judgement = |tie, guard| Judgement { tie, overlap, weight, guard };
    if is_alias && !same_source {
        return judgement(Tie::Alias, None);
    }
    if !within_window(newcomer, candidate) {
        return judgement(Tie::None, Some(Guard::Window));
    }
    let same_words = new.whole == old.whole && new.length == old.length;
    // Few words may be a coincidence, but not about one page on one day.
    let same_page = have_the_same_page(new, old) && new.published == old.published;
    let identical = same_words && (new.length >= IDENTICAL || same_page);
    let of_one_day = new.published.is_some() && new.published == old.published;
    if identical && (!same_source || !new.marks.serial || of_one_day || same_page) {
        return judgement(Tie::Copy, None);
    }
    // A correction bears another day, and says so.
    let is_correction = new.corrects != old.corrects
        && overlap.containment() >= CORRECTED
        && refutation(new, old).is_none();
    if let Some(guard) = guard(new, old).filter(|_| !is_correction) {
        return judgement(Tie::None, Some(guard));
    }
    let looks_copied = overlap.shared >= FEWEST_SHARED && overlap.containment() >= COPIED;
    // Aligning two texts costs more than all else here.
    let refuted = if looks_copied { refutation(new, old) } else { None };
    // A page that says itself anew names some things otherwise, too.
    let says_itself_anew = refuted == Some(Refuted::Name)
        && have_the_same_page(new, old)
        && is_reworded(new, old, overlap);
    if let Some(refuted) = refuted
        && !(same_source && says_itself_anew)
    {
        // A template of two sources is one matter to look at; within one source it is its form.
        return if same_source {
            judgement(Tie::None, Some(Guard::SameSource))
        } else {
            judgement(Tie::Related, Some(Guard::Template(refuted)))
        };
    }
    if same_source {
        let is_copy = is_revision(new, old, overlap);
        let guard = (!is_copy).then_some(Guard::SameSource);
        return judgement(if is_copy { Tie::Copy } else { Tie::None }, guard);
    }
    let serial = (new.marks.serial || old.marks.serial) && !new.marks.agree(&old.marks);
    let names_differ = overlap.smaller < TEASER
        && overlap.containment() < TEASER_IDENTICAL
        && !(names_half_of_the_other(new, old) && is_of_the_same_subject(new, old));
    let copied = if serial {
        overlap.containment() >= SERIAL_COPIED && overlap.shared >= SERIAL_SHARED
    } else if overlap.smaller < TEASER {
        overlap.containment() >= TEASER_COPIED && overlap.shared >= FEWEST_SHARED
    } else {
        overlap.containment() >= COPIED && overlap.shared >= FEWEST_SHARED
    };
    let template = if names_differ {
        Some(Guard::Names)
    } else if numbers_differ(new, old) {
        Some(Guard::Numbers)
    } else {
        None
    };
    if copied && template.is_none() {
        return judgement(Tie::Copy, None);
    }
    if serial {
        return judgement(Tie::None, Some(Guard::Serial));
    }
    if weight >= RELATED {
        return judgement(Tie::Related, None);
    }
    judgement(Tie::None, template.filter(|_| copied))
}

/// Returns whether both name several numbers and no common one: a text made from a template. A
/// report in own words may pick other numbers, so this parts only copies.
fn numbers_differ(new: &Traces, old: &Traces) -> bool {
    new.numbers.len() >= 2 && old.numbers.len() >= 2 && shared(&new.numbers, &old.numbers) == 0
}

/// Returns the guards that hold for reuse and for own words alike.
fn guard(new: &Traces, old: &Traces) -> Option<Guard> {
    if told_apart(&new.marks, &old.marks) {
        Some(Guard::Marks)
    } else if new.marks.round_up != old.marks.round_up {
        Some(Guard::RoundUp)
    } else {
        None
    }
}

/// Editorial dates are compared where both are known; a backlog is received at
/// once, so receipt alone would put years into one window.
fn within_window(newcomer: &Subject<'_>, candidate: &Candidate) -> bool {
    let (a, b) = match (newcomer.traces.published, candidate.traces.published) {
        (Some(a), Some(b)) => (a, b),
        _ => (newcomer.received, candidate.received),
    };
    a.since(b).max(b.since(a)) <= WINDOW
}

/// Returns whether a source gives an item a second time under another key: the same
/// page with most of its text (a relaunch that renames every guid), or a
/// revision that still speaks of the same. Numbers that differ are another item.
fn is_revision(new: &Traces, old: &Traces, overlap: Overlap) -> bool {
    let numbers = shared(&new.numbers, &old.numbers);
    !new.marks.serial
        && !old.marks.serial
        && overlap.shared >= REVISED_SHARED
        && overlap.containment() >= REVISED
        && (numbers == new.numbers.len() || numbers == old.numbers.len())
        && (have_the_same_page(new, old) || is_of_the_same_subject(new, old))
}

fn have_the_same_page(new: &Traces, old: &Traces) -> bool {
    new.aliases.iter().any(|alias| old.aliases.contains(alias))
}

/// Items made from one template differ in what they speak of: both titles then
/// name something that the other item lacks altogether.
fn is_of_the_same_subject(new: &Traces, old: &Traces) -> bool {
    let lacks =
        |title: &[u32], all: &[u32]| title.iter().any(|name| all.binary_search(name).is_err());
    !(lacks(&new.title_names, &old.names) && lacks(&old.title_names, &new.names))
}

fn names_half_of_the_other(new: &Traces, old: &Traces) -> bool {
    2 * shared(&new.names, &old.names) >= new.names.len().min(old.names.len())
}

fn shared(left: &[u32], right: &[u32]) -> usize {
    Overlap::of(left, right).shared
}

/// Returns the weight of what two items have in common beside their wording: names (more if both
/// titles have them), numbers, links. Names count only if few items have one of them.
fn relatedness(new: &Traces, candidate: &Candidate) -> f64 {
    let old = &candidate.traces;
    let links_to =
        |from: &Traces, to: &Traces| from.links.iter().any(|link| to.aliases.contains(link));
    let link = if links_to(new, old) || links_to(old, new) {
        2.0
    } else if new.links.iter().any(|link| old.links.contains(link)) {
        1.0
    } else {
        0.0
    };
    let apart = new.published.zip(old.published).map(|(a, b)| a.since(b).max(b.since(a)));
    if candidate.rare.is_empty() || apart.is_some_and(|apart| apart > OWN_WORDS) {
        return link;
    }
    let count = |number: usize| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
    let in_titles = shared(&new.title_names, &old.title_names);
    let numbers = new.numbers.iter().filter(|number| **number >= 100);
    let numbers = numbers.filter(|number| old.numbers.contains(number)).count();
    let common = count(common_nouns(new, old)).min(f64::from(COMMON_NOUNS));
    count(shared(&new.names, &old.names))
        + 0.5 * count(in_titles.min(2))
        + 0.5 * count(numbers.min(2))
        + 0.25 * common
        + link
}

/// Returns how many nouns both have that are no names.
fn common_nouns(new: &Traces, old: &Traces) -> usize {
    let nouns = |traces: &Traces| -> Vec<u32> {
        let tokens = traces.title.iter().chain(&traces.lead);
        let mut nouns: Vec<u32> = tokens
            .filter(|token| token.class() == Class::Name)
            .map(|token| token.word())
            .filter(|word| !traces.names.iter().any(|name| name >> 2 == *word))
            .collect();
        nouns.sort_unstable();
        nouns.dedup();
        nouns
    };
    shared(&nouns(new), &nouns(old))
}
