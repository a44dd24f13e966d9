//! Two leads side by side: one name, number or day that stands where the other has
//! another one shows that both were made from one template.
//!
//! Runs of equal words are found by pairs of words that each text has once, in
//! whatever order the paragraphs stand; between two runs that follow each other in
//! both texts lies a gap. Linear but for sorting.

use super::similar::Overlap;
use super::traces::{Class, Token, Traces};

/// Words that a gap may have on either side: more is another sentence.
const GAP: usize = 8;
/// The same where names stand: longer, and the sentence was reworded.
const NAME_GAP: usize = 4;
/// Words of the lead in which a report says what it is about.
const OPENING: usize = 40;
/// Names of an opening from which on it says what it is about.
const FEWEST_NAMES: usize = 4;

/// Shingles without a counterpart for each replaced name from which on a text was
/// rewritten: four times what a name costs a template.
const REWORDED: usize = 12;

/// Shingles of a lead that is more than a form's words.
const WHOLE: usize = 40;

/// Why two texts with much in common are not the same news.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refuted {
    /// A number or a day stands where the other has another one.
    Figure,
    /// A name stands where the other has another one.
    Name,
    /// One says how the matter ended and the other does not know of it.
    Outcome,
    /// They open with different matters and share what stands below.
    Opening,
}

/// Returns what shows that the two texts tell different news, if anything does.
pub(super) fn refutation(one: &Traces, other: &Traces) -> Option<Refuted> {
    if one.outcomes.contradict(other.outcomes) {
        return Some(Refuted::Outcome);
    }
    let (ours, theirs) = (vocabulary(one), vocabulary(other));
    let lead = replaced(&one.lead, &other.lead, &ours, &theirs);
    let title = replaced(&one.title, &other.title, &ours, &theirs);
    // A correction replaces one figure and says that it does.
    let is_correction = one.corrects != other.corrects;
    let figures = lead.figures + title.figures;
    if figures > 0 && !(is_correction && lead.names + title.names == 0 && figures <= 3) {
        return Some(Refuted::Figure);
    }
    // A whole text that is the same to the word may stand under a title of other nouns.
    let names = lead.names + if is_whole_copy(one, other) { 0 } else { title.names };
    if names > 0 {
        return Some(Refuted::Name);
    }
    let known = |lead: &[Token], title: &[Token], theirs: &[u32]| -> Option<f64> {
        let mut names: Vec<u32> = lead
            .iter()
            .take(OPENING)
            .chain(title)
            .filter(|token| token.class() != Class::Plain)
            .map(|token| token.word())
            .collect();
        names.sort_unstable();
        names.dedup();
        let shared = Overlap::of(&names, theirs).shared;
        (names.len() >= FEWEST_NAMES).then(|| super::similar::ratio(shared, names.len()))
    };
    let (left, right) =
        (known(&one.lead, &one.title, &theirs), known(&other.lead, &other.title, &ours));
    (left.zip(right).is_some_and(|(left, right)| left.max(right) < 0.5)).then_some(Refuted::Opening)
}

/// Returns whether all but a hundredth of two long leads is the same.
fn is_whole_copy(one: &Traces, other: &Traces) -> bool {
    let shared = Overlap::of(&one.shingles, &other.shingles).shared;
    shared >= WHOLE && shared * 100 >= one.shingles.len().max(other.shingles.len()) * 99
}

/// Returns whether far more of a lead was reworded than named otherwise: so a page says
/// itself anew, where a template changes nothing but its names.
pub(super) fn is_reworded(one: &Traces, other: &Traces, overlap: Overlap) -> bool {
    let replaced = replaced(&one.lead, &other.lead, &vocabulary(one), &vocabulary(other));
    overlap.smaller - overlap.shared >= REWORDED * replaced.names.max(1)
}

/// Returns all words of title and lead, sorted, without repeats.
fn vocabulary(traces: &Traces) -> Vec<u32> {
    let mut words: Vec<u32> =
        traces.title.iter().chain(&traces.lead).map(|token| token.word()).collect();
    words.sort_unstable();
    words.dedup();
    words
}

/// How often something stands where the other text has something else that it
/// holds nowhere.
#[derive(Debug, Clone, Copy, Default)]
struct Replaced {
    figures: usize,
    names: usize,
}

fn replaced(one: &[Token], other: &[Token], ours: &[u32], theirs: &[u32]) -> Replaced {
    let mut found = Replaced::default();
    for (left, right) in gaps(one, other) {
        let (left, right) = (&one[left.0..left.1], &other[right.0..right.1]);
        let alone = |side: &[Token], known: &[u32], class: Class| {
            side.iter()
                .any(|token| token.class() == class && known.binary_search(&token.word()).is_err())
        };
        let both = |class| alone(left, theirs, class) && alone(right, ours, class);
        if both(Class::Number) || both(Class::Calendar) {
            found.figures += 1;
        } else if left.len() <= NAME_GAP && right.len() <= NAME_GAP && both(Class::Name) {
            found.names += 1;
        }
    }
    found
}

type Span = (usize, usize);

/// Returns the short stretches in which the texts differ between two stretches in which they
/// are the same, and those before the first and behind the last.
fn gaps(one: &[Token], other: &[Token]) -> Vec<(Span, Span)> {
    let runs = runs(one, other);
    let mut gaps = Vec::new();
    let mut add = |left: Span, right: Span| {
        let length = |span: Span| span.1.saturating_sub(span.0);
        let is_short = length(left) <= GAP && length(right) <= GAP;
        if is_short && length(left) > 0 && length(right) > 0 {
            gaps.push((left, right));
        }
    };
    let (Some(first), Some(last)) = (runs.first(), runs.last()) else { return gaps };
    add((0, first.0), (0, first.1));
    for pair in runs.windows(2) {
        let ((i, j, length), (next_i, next_j, _)) = (pair[0], pair[1]);
        if next_j >= j + length {
            add((i + length, next_i), (j + length, next_j));
        }
    }
    add((last.0 + last.2, one.len()), (last.1 + last.2, other.len()));
    gaps
}

/// Returns where both texts have the same words: begin in each, and length; by the place in
/// the first, none over another.
fn runs(one: &[Token], other: &[Token]) -> Vec<(usize, usize, usize)> {
    let (ours, theirs) = (unique_pairs(one), unique_pairs(other));
    let mut anchors: Vec<(usize, usize)> = Vec::new();
    let (mut l, mut r) = (0, 0);
    while let (Some(a), Some(b)) = (ours.get(l), theirs.get(r)) {
        if a.0 == b.0 {
            anchors.push((a.1, b.1));
        }
        l += usize::from(a.0 <= b.0);
        r += usize::from(b.0 <= a.0);
    }
    anchors.sort_unstable();
    let mut runs: Vec<(usize, usize, usize)> = Vec::new();
    let mut covered = 0;
    for (mut i, mut j) in anchors {
        if i < covered {
            continue;
        }
        while i > covered && j > 0 && one[i - 1].word() == other[j - 1].word() {
            (i, j) = (i - 1, j - 1);
        }
        let length =
            one[i..].iter().zip(&other[j..]).take_while(|(a, b)| a.word() == b.word()).count();
        covered = i + length;
        runs.push((i, j, length));
    }
    runs
}

/// Returns each two words that follow each other and stand so only once, with their place; sorted.
fn unique_pairs(tokens: &[Token]) -> Vec<(u64, usize)> {
    let mut pairs: Vec<(u64, usize)> = tokens
        .windows(2)
        .enumerate()
        .map(|(at, two)| (u64::from(two[0].word()) << 32 | u64::from(two[1].word()), at))
        .collect();
    pairs.sort_unstable();
    let is_alone = |at: usize| {
        let code = pairs[at].0;
        (at == 0 || pairs[at - 1].0 != code) && pairs.get(at + 1).is_none_or(|next| next.0 != code)
    };
    (0..pairs.len()).filter(|at| is_alone(*at)).map(|at| pairs[at]).collect()
}
