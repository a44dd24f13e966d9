//! A text as the model reads it: how often each word and each run of five
//! letters stands there, both hashed into a fixed number of buckets.
//!
//! Hashing needs no dictionary: a word that was never seen in training still has
//! the letters of its relatives. Words that share a bucket share a weight.

use super::folded::{Folded, Joint};

/// Buckets of words, and as many of letters.
pub(super) const HALF: usize = 1 << 14;
/// Buckets in all.
pub(super) const BUCKETS: usize = 2 * HALF;
/// Letters of a run; the borders of a word count as letters.
const RUN: usize = 5;
/// Marks the borders of a word among its letters.
const BORDER: u8 = b'^';
/// Words that are looked at: a bound on what a hostile text can cost.
const MOST_WORDS: usize = 20_000;
/// An odd number with well-mixed bits: multiplied by it, the high bits depend on all.
const MIX: u64 = 0x9e37_79b9_7f4a_7c15;
/// What a bucket counts that occurs once, twice, …: 1 + ln n. More often counts as the last.
const COUNTED: [f64; 12] = [
    1.0,
    1.693_147_180_56,
    2.098_612_288_67,
    2.386_294_361_12,
    2.609_437_912_43,
    2.791_759_469_23,
    2.945_910_149_06,
    3.079_441_541_68,
    3.197_224_577_34,
    3.302_585_092_99,
    3.397_895_272_8,
    3.484_906_649_79,
];

/// The features of an item.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Features {
    /// Bucket and value, each bucket once; the values' squares sum to 1.
    pub(super) values: Vec<(u32, f32)>,
    /// What one occurrence in each touched bucket adds, in the order of `values`.
    counts: Vec<u16>,
}

/// A word of a folded text, in its bytes.
pub(super) type Word = std::ops::Range<usize>;

/// Returns the words of a folded text; the parts of a hyphenated one are apart.
pub(super) fn words(text: &Folded) -> Vec<Word> {
    let mut words = Vec::with_capacity(text.bytes.len() / 6);
    let mut begins = 0;
    for (at, letter) in text.letters.iter().enumerate().skip(1) {
        if letter.joint != Joint::None {
            words.push(begins..at);
            begins = at;
            if words.len() == MOST_WORDS {
                return words;
            }
        }
    }
    if begins < text.bytes.len() {
        words.push(begins..text.bytes.len());
    }
    words
}

/// Calls `each` with every bucket of a word, its own first.
pub(super) fn buckets(word: &[u8], mut each: impl FnMut(usize)) {
    let mut hash = 0_u64;
    for byte in word {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(MIX);
        hash ^= hash >> 29;
    }
    each(top(hash));
    // The last five letters, the newest in the lowest byte.
    let mut run = u64::from(BORDER);
    let mut length = 1;
    for byte in word.iter().chain(std::iter::once(&BORDER)) {
        run = (run << 8 | u64::from(*byte)) & 0xff_ffff_ffff;
        length += 1;
        if length >= RUN {
            each(HALF + top(run.wrapping_mul(MIX)));
        }
    }
}

/// Returns the bucket of a hash within one half.
fn top(hash: u64) -> usize {
    usize::try_from(hash.wrapping_mul(MIX) >> (64 - HALF.trailing_zeros())).unwrap_or(0)
}

impl Features {
    /// Counts the words of all texts of an item.
    pub(super) fn of<'a>(texts: impl IntoIterator<Item = (&'a Folded, &'a [Word])>) -> Self {
        let mut counts = vec![0_u16; BUCKETS];
        let mut touched: Vec<u32> = Vec::with_capacity(1024);
        for (text, words) in texts {
            for word in words {
                buckets(&text.bytes[word.clone()], |bucket| {
                    if counts[bucket] == 0 {
                        touched.push(u32::try_from(bucket).unwrap_or(0));
                    }
                    counts[bucket] = counts[bucket].saturating_add(1);
                });
            }
        }
        let count_of = |bucket: u32| counts[bucket as usize];
        let sum: f64 = touched.iter().map(|&bucket| value(count_of(bucket)).powi(2)).sum();
        let norm = if sum > 0.0 { 1.0 / sum.sqrt() } else { 0.0 };
        #[expect(clippy::cast_possible_truncation, reason = "a weight needs no more digits")]
        let values = touched
            .iter()
            .map(|&bucket| (bucket, (value(count_of(bucket)) * norm) as f32))
            .collect();
        let counts = touched.iter().map(|&bucket| count_of(bucket)).collect();
        Self { values, counts }
    }

    /// Returns what one occurrence in each bucket is worth, for all buckets.
    pub(super) fn shares(&self) -> Vec<f32> {
        let mut shares = vec![0.0; BUCKETS];
        for ((bucket, value), count) in self.values.iter().zip(&self.counts) {
            shares[*bucket as usize] = value / f32::from(*count);
        }
        shares
    }
}

fn value(count: u16) -> f64 {
    COUNTED[usize::from(count).clamp(1, COUNTED.len()) - 1]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topic::folded::fold;

    fn features(text: &str) -> Features {
        let folded = fold(text, &[]);
        Features::of([(&folded, &words(&folded)[..])])
    }

    #[test]
    fn spelling_does_not_matter_and_words_do() {
        assert_eq!(features("Bürger-Amt"), features("BUERGER AMT"));
        assert_ne!(features("Amt"), features("Rat"));
    }

    #[test]
    fn relatives_share_letters_and_all_values_are_of_length_one() {
        let (one, other) = (features("Zulassungsstelle"), features("Zulassungen"));
        let shared = one
            .values
            .iter()
            .filter(|(bucket, _)| other.values.iter().any(|(known, _)| known == bucket));
        assert!(shared.count() >= 6);
        let length: f32 = one.values.iter().map(|(_, value)| value * value).sum();
        assert!((length - 1.0).abs() < 1e-5);
        assert!(features("").values.is_empty());
    }
}
