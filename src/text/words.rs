//! Words as runs of letters and digits.

use std::iter;

/// Runs of letters and digits with the byte at which each begins. Combining
/// marks belong to their letter.
pub fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut from = 0;
    iter::from_fn(move || {
        let rest = text.get(from..)?;
        let start = from + rest.find(char::is_alphanumeric)?;
        let tail = text.get(start..)?;
        let length = tail.find(|c: char| !is_word(c)).unwrap_or(tail.len());
        from = start + length;
        Some((start, text.get(start..from)?))
    })
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || ('\u{300}'..='\u{36f}').contains(&character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_know_where_they_begin() {
        let found: Vec<_> = words("§ 3 OZG-Gesetz, groß!").collect();
        assert_eq!(found, [(3, "3"), (5, "OZG"), (9, "Gesetz"), (17, "groß")]);
        assert_eq!(words("").count(), 0);
        assert_eq!(words("u\u{308}ber").count(), 1);
    }
}
