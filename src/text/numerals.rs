//! Numbers in German words.

/// Words, folded, with their value. One is left out: it is an article.
const CARDINALS: &[(&str, u32)] = &[
    ("zwei", 2),
    ("drei", 3),
    ("vier", 4),
    ("fuenf", 5),
    ("sechs", 6),
    ("sieben", 7),
    ("acht", 8),
    ("neun", 9),
    ("zehn", 10),
    ("elf", 11),
    ("zwoelf", 12),
    ("dreizehn", 13),
    ("vierzehn", 14),
    ("fuenfzehn", 15),
    ("sechzehn", 16),
    ("siebzehn", 17),
    ("achtzehn", 18),
    ("neunzehn", 19),
    ("zwanzig", 20),
    ("dreissig", 30),
    ("vierzig", 40),
    ("fuenfzig", 50),
    ("sechzig", 60),
    ("siebzig", 70),
    ("achtzig", 80),
    ("neunzig", 90),
    ("hundert", 100),
    ("tausend", 1000),
];

/// Stems of ordinals, folded and without their ending.
const ORDINALS: &[(&str, u32)] = &[
    ("erst", 1),
    ("zweit", 2),
    ("dritt", 3),
    ("viert", 4),
    ("fuenft", 5),
    ("sechst", 6),
    ("siebt", 7),
    ("acht", 8),
    ("neunt", 9),
    ("zehnt", 10),
    ("elft", 11),
    ("zwoelft", 12),
];

/// Returns the value of a folded word such as `zwei`, `einundzwanzig`.
pub fn numeral(word: &str) -> Option<u32> {
    let named = |word: &str| CARDINALS.iter().find(|(name, _)| *name == word).map(|(_, n)| *n);
    named(word).or_else(|| {
        let (ones, tens) = word.split_once("und")?;
        let ones = if ones == "ein" { 1 } else { named(ones).filter(|ones| *ones < 10)? };
        Some(ones + named(tens).filter(|tens| (20..100).contains(tens))?)
    })
}

/// Returns the value of a folded word such as `vierte`, `zwölfter`, `einundzwanzigsten`.
pub fn ordinal(word: &str) -> Option<u32> {
    let stem = ["er", "es", "en", "em", "e"].iter().find_map(|ending| word.strip_suffix(ending))?;
    let short = ORDINALS.iter().find(|(name, _)| *name == stem).map(|(_, ordinal)| *ordinal);
    short.or_else(|| {
        let cardinal = stem.strip_suffix("st").filter(|stem| stem.ends_with("ig"));
        numeral(cardinal.or_else(|| stem.strip_suffix('t'))?).filter(|value| *value > 12)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_from_words() {
        assert_eq!(numeral("zwoelf"), Some(12));
        assert_eq!(numeral("einundzwanzig"), Some(21));
        assert_eq!(numeral("grund"), None);
        assert_eq!(ordinal("vierten"), Some(4));
        assert_eq!(ordinal("dreizehnte"), Some(13));
        assert_eq!(ordinal("einunddreissigsten"), Some(31));
        assert_eq!(ordinal("vier"), None);
        assert_eq!(ordinal("guten"), None);
    }
}
