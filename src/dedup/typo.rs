//! Words that differ by a mended letter.

/// Returns whether two folded words differ by a mended letter or an ending. Never for
/// figures: 2025 and 2026 are not the same word misspelt.
pub(super) fn is_typo(left: &str, right: &str) -> bool {
    let digit = |word: &str| word.bytes().any(|byte| byte.is_ascii_digit());
    if digit(left) || digit(right) {
        return false;
    }
    let (left_length, right_length) = (left.chars().count(), right.chars().count());
    let (shorter, longer) = (left_length.min(right_length), left_length.max(right_length));
    let allowed = if longer >= 8 { 2 } else { 1 };
    if longer - shorter > allowed {
        return false;
    }
    if shorter < 5 {
        // Of short words only an ending: "eine" is not "keine".
        return left.starts_with(right) || right.starts_with(left);
    }
    strsim::osa_distance(left, right) <= allowed
}
