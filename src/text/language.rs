//! The language of a text, for those who have it read out.

use whatlang::{Detector, Lang};

/// Fewer letters tell no language.
const MIN_LETTERS: usize = 25;
/// Characters that are looked at.
const LOOKED_AT: usize = 600;

/// Languages that sources of ours may be written in, with their tags (BCP 47).
const LANGUAGES: [(Lang, &str); 9] = [
    (Lang::Deu, "de"),
    (Lang::Eng, "en"),
    (Lang::Fra, "fr"),
    (Lang::Nld, "nl"),
    (Lang::Pol, "pl"),
    (Lang::Ces, "cs"),
    (Lang::Dan, "da"),
    (Lang::Ita, "it"),
    (Lang::Spa, "es"),
];

/// Returns the tag of the text's language unless it is German. What the text says itself
/// counts more than what a source declares: publishing systems ship with `en-GB`.
pub fn foreign_language(text: &str, declared: Option<&str>) -> Option<String> {
    let text: String = text.chars().take(LOOKED_AT).collect();
    let foreign = |tag: &str| (!is_german(tag)).then(|| tag.to_owned());
    let allowed = LANGUAGES.iter().map(|(lang, _)| *lang).collect();
    if text.chars().filter(|c| c.is_alphabetic()).count() >= MIN_LETTERS
        && let Some(found) = Detector::with_allowlist(allowed).detect(&text)
    {
        let tag = LANGUAGES.iter().find(|(lang, _)| *lang == found.lang()).map(|(_, tag)| *tag)?;
        let agrees = declared.is_some_and(|declared| begins_with(declared, tag));
        if found.is_reliable() || agrees || is_german(tag) {
            return foreign(tag);
        }
    }
    // Short German titles with names in them are no foreign text.
    let has_umlaut = text.contains(['ä', 'ö', 'ü', 'Ä', 'Ö', 'Ü', 'ß']);
    declared.filter(|_| !has_umlaut).and_then(foreign)
}

fn is_german(tag: &str) -> bool {
    begins_with(tag, "de")
}

fn begins_with(tag: &str, language: &str) -> bool {
    tag.split(['-', '_']).next().is_some_and(|first| first.eq_ignore_ascii_case(language))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn german_under_a_foreign_mark_is_german_and_english_is_english() {
        for (text, declared, expected) in [
            (
                "Neues Serviceportal im Rathaus: Anträge können jetzt online gestellt werden",
                Some("en-gb"),
                None,
            ),
            ("Bürgerkonto startet", Some("en"), None),
            (
                "The city council has approved the new strategy for digital services",
                None,
                Some("en"),
            ),
            (
                "The city council has approved the new strategy for digital services",
                Some("de"),
                Some("en"),
            ),
            ("Cloud Computing Conference", Some("en"), Some("en")),
            ("OZG-Rahmenarchitektur", None, None),
            (
                "Les services publics en ligne pour les communes et les départements",
                None,
                Some("fr"),
            ),
        ] {
            assert_eq!(foreign_language(text, declared).as_deref(), expected, "{text}");
        }
    }
}
