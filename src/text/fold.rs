//! One spelling for what readers take as the same letters.

use unicode_normalization::{IsNormalized, UnicodeNormalization as _, is_nfc_quick};

use super::is_invisible;

/// Returns text in lower case, composed (NFC), ß as ss, umlauts as ae, oe, ue, without
/// invisible characters: for comparison, never for display.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let mut folded = String::with_capacity(text.len() + text.len() / 16);
    if is_nfc_quick(text.chars()) == IsNormalized::Yes {
        push_folded(&mut folded, text.chars());
    } else {
        push_folded(&mut folded, text.nfc());
    }
    folded
}

fn push_folded(folded: &mut String, characters: impl Iterator<Item = char>) {
    for character in characters {
        match character {
            'a'..='z' | '0'..='9' | ' ' => folded.push(character),
            'A'..='Z' => folded.push(character.to_ascii_lowercase()),
            'ä' | 'Ä' => folded.push_str("ae"),
            'ö' | 'Ö' => folded.push_str("oe"),
            'ü' | 'Ü' => folded.push_str("ue"),
            'ß' | 'ẞ' => folded.push_str("ss"),
            _ if character.is_ascii() => folded.push(character),
            _ if is_invisible(character) => {}
            _ => folded.extend(character.to_lowercase()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_the_same_word_fold_alike() {
        for (one, other) in [
            ("Größe", "GROESSE"),
            ("Größe", "gro\u{308}ße"),
            ("STRAẞE", "strasse"),
            ("Ver\u{ad}waltung", "Verwaltung"),
            ("Übung", "Uebung"),
        ] {
            assert_eq!(fold(one), fold(other), "{one}");
        }
        assert_eq!(fold("Café №1"), "café №1");
        assert_ne!(fold("Wahl"), fold("Wähl"));
    }
}
