//! How much two texts have in common.
//!
//! A shingle is three consecutive words as one 32-bit number. Whether a text
//! was copied is read off *containment* (which share of the shorter text's
//! shingles the longer one has), since an editor adds and cuts; who might be a
//! copy is found by `MinHash`: texts that share most of their shingles most
//! likely agree in one of four bands, and a band is a number that an index
//! can look up. `SimHash` was measured and found too few.

use super::reading::spread;

/// Bands of a text.
pub const BANDS: usize = 4;
/// Minima per band. Four bands of five have their turning point where eight of
/// eight have it (three quarters in common), and every band is a page of the
/// index to be written.
const ROWS: usize = 5;
const MINIMA: usize = BANDS * ROWS;
/// Shorter texts have no bands: their minima are those of any teaser.
const FEWEST_FOR_BANDS: usize = 8;

/// What two shingle sets have in common.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Overlap {
    /// Shingles of both.
    pub shared: usize,
    /// Shingles of the smaller set.
    pub smaller: usize,
    /// Shingles of either.
    pub union: usize,
}

impl Overlap {
    /// Compares two sets, each sorted and without repeats.
    pub fn of(left: &[u32], right: &[u32]) -> Self {
        let (mut l, mut r, mut shared) = (0, 0, 0);
        while let (Some(a), Some(b)) = (left.get(l), right.get(r)) {
            shared += usize::from(a == b);
            l += usize::from(a <= b);
            r += usize::from(b <= a);
        }
        Self {
            shared,
            smaller: left.len().min(right.len()),
            union: left.len() + right.len() - shared,
        }
    }

    /// Returns the share of the shorter text that the longer one repeats, 0 to 1.
    pub fn containment(self) -> f64 {
        ratio(self.shared, self.smaller)
    }

    /// Returns the share of all shingles that both have, 0 to 1.
    pub fn jaccard(self) -> f64 {
        ratio(self.shared, self.union)
    }
}

#[expect(clippy::cast_precision_loss, reason = "some hundred shingles")]
pub(super) fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// Returns three words as one number.
pub(super) fn shingle(first: u64, second: u64, third: u64) -> u32 {
    let mixed = first.rotate_left(23) ^ second.rotate_left(47).wrapping_mul(3) ^ third;
    (spread(mixed) >> 32) as u32
}

/// Odd multipliers and offsets of the permutations; made from a fixed seed,
/// never to be changed: stored bands would no longer be found.
const PERMUTATIONS: ([u32; MINIMA], [u32; MINIMA]) = {
    let mut factors = [0; MINIMA];
    let mut offsets = [0; MINIMA];
    let mut state: u64 = 0x616d_7473_626f_7465;
    let mut i = 0;
    while i < MINIMA {
        state = spread(state.wrapping_add(0x9e37_79b9_7f4a_7c15));
        #[expect(clippy::cast_possible_truncation, reason = "two halves of one number")]
        {
            factors[i] = (state as u32) | 1;
            offsets[i] = (state >> 32) as u32;
        }
        i += 1;
    }
    (factors, offsets)
};

/// Returns the band hashes of a shingle set; none for a text of a few words.
pub(super) fn bands(shingles: &[u32]) -> Vec<u64> {
    if shingles.len() < FEWEST_FOR_BANDS {
        return Vec::new();
    }
    let (factors, offsets) = &PERMUTATIONS;
    let mut minima = [u32::MAX; MINIMA];
    for shingle in shingles {
        for ((minimum, factor), offset) in minima.iter_mut().zip(factors).zip(offsets) {
            let permuted = (shingle ^ offset).wrapping_mul(*factor);
            *minimum = (*minimum).min(permuted);
        }
    }
    minima
        .chunks_exact(ROWS)
        .zip(0_u64..)
        .map(|(rows, band)| {
            rows.iter().fold(band, |hash, row| spread(hash.rotate_left(32) ^ u64::from(*row)))
        })
        .collect()
}

/// Returns the Dice coefficient of the character trigrams of two titles, 0 to 1. Only
/// reported, never decided by: true pairs go down to 0.08, false ones up to 1.
pub fn title_likeness(left: &str, right: &str) -> f64 {
    let (left, right) = (trigrams(left), trigrams(right));
    let overlap = Overlap::of(&left, &right);
    ratio(2 * overlap.shared, left.len() + right.len())
}

/// Likeness below which two titles of one story say different things.
const OTHER_TITLE: f64 = 0.45;

/// Returns whether the second title of a story tells a reader something that the first does not.
pub fn says_something_else(title: &str, other: &str) -> bool {
    title_likeness(title, other) < OTHER_TITLE
}

fn trigrams(title: &str) -> Vec<u32> {
    let letters: Vec<u64> = title
        .chars()
        .filter(|letter| letter.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .map(|letter| u64::from(u32::from(letter)))
        .collect();
    let mut all: Vec<u32> =
        letters.windows(3).map(|three| shingle(three[0], three[1], three[2])).collect();
    all.sort_unstable();
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(range: std::ops::Range<u64>) -> Vec<u32> {
        let mut all: Vec<u32> = range.map(|n| shingle(n, n + 1, n + 2)).collect();
        all.sort_unstable();
        all
    }

    #[test]
    fn a_teaser_is_contained_in_its_full_text() {
        let overlap = Overlap::of(&set(0..20), &set(0..100));
        assert!((overlap.containment() - 1.0).abs() < f64::EPSILON);
        assert!((overlap.jaccard() - 0.2).abs() < f64::EPSILON);
        assert!(Overlap::of(&[], &[]).containment().abs() < f64::EPSILON);
    }

    #[test]
    fn copies_share_a_band_and_strangers_do_not() {
        let (text, copy, stranger) =
            (bands(&set(0..100)), bands(&set(3..103)), bands(&set(500..600)));
        assert_eq!(text.len(), BANDS);
        assert!(text.iter().zip(&copy).any(|(a, b)| a == b));
        assert!(text.iter().zip(&stranger).all(|(a, b)| a != b));
        assert!(bands(&set(0..5)).is_empty());
    }

    #[test]
    fn titles_are_compared_by_trigrams() {
        assert!(title_likeness("OZG 2.0", "ozg 20") > 0.99);
        assert!(title_likeness("Motocross-WM", "Neue Tablets") < 0.1);
    }
}
