//! Words of links: what only leads on, and what a link says of itself.

/// Words of links that only lead on to the item.
const LEADS_ON: &[&str] = &[
    "mehr",
    "weiterlesen",
    "weiter lesen",
    "mehr lesen",
    "mehr erfahren",
    "mehr dazu",
    "lesen",
    "jetzt lesen",
    "hier lesen",
    "artikel lesen",
    "beitrag lesen",
    "ganzen artikel lesen",
    "mehr anzeigen",
    "mehr infos",
    "mehr informationen",
    "hier klicken",
    "ansehen",
    "weiter",
    "read more",
    "details",
    "zum artikel",
    "zur meldung",
    "zum beitrag",
    "zur nachricht",
    "zur pressemitteilung",
];

/// Beginnings of links that only lead on, in lower case.
const BEGIN_LEADING_ON: &[&str] = &[
    "weiterlesen",
    "mehr ",
    "mehr:",
    "lesen sie",
    "zum beitrag",
    "zur meldung",
    "continue reading",
];

/// Ends of teasers that only lead on, longest first; matched without case.
const TEASER_ENDS: &[&str] = &[
    "[weiterlesen]",
    "[mehr lesen]",
    "[mehr erfahren]",
    "[mehr]",
    "(mehr)",
    "weiterlesen",
    "weiter lesen",
    "mehr lesen",
    "mehr erfahren",
    "mehr dazu",
    "zum artikel",
    "read more",
    "mehr",
    "[...]",
    "[…]",
    "(wir berichteten)",
    "-->",
    "»",
    "›",
    "→",
    "...",
    "…",
];

/// Ends of titles and link words that speak about the link.
const LINK_ENDS: &[&str] = &[
    ": Datei in neuem Fenster öffnen",
    "(öffnet in neuem Fenster)",
    "(Öffnet in einem neuen Tab)",
    " [mehr]",
    " mehr...",
    " mehr…",
    " mehr »",
];

/// Returns whether words only lead on to an item; also where there are none.
pub fn leads_on(words: &str) -> bool {
    let words = words
        .trim_matches(|c: char| {
            c.is_whitespace()
                || matches!(c, '.' | '…' | '»' | '›' | '>' | '→' | '[' | ']' | '(' | ')')
        })
        .to_lowercase();
    words.is_empty() || LEADS_ON.contains(&words.as_str())
}

/// Returns whether words begin as those that only lead on do.
pub fn begins_leading_on(words: &str) -> bool {
    let lower = words.to_lowercase();
    BEGIN_LEADING_ON.iter().any(|start| lower.starts_with(start))
}

/// Returns words of a link without what they say about the link.
pub fn without_link_ends(words: &str) -> &str {
    let mut words = words.trim();
    while let Some(shorter) = LINK_ENDS.iter().find_map(|end| words.strip_suffix(end)) {
        words = shorter.trim_end();
    }
    words
}

/// Returns a teaser without what leads on: `… mehr`, `[weiterlesen]`.
pub fn without_teaser_end(text: &str) -> String {
    let mut text = text.trim_end().to_owned();
    let mut was_cut = false;
    // Each turn takes something away, and a teaser has but few of these.
    for _ in 0..8 {
        let tail = text.char_indices().rev().nth(40).map_or(0, |(at, _)| at);
        let lower = text[tail..].to_lowercase();
        let Some(end) = TEASER_ENDS.iter().find(|end| ends_with_words(&lower, end)) else { break };
        let keep = text.chars().count().saturating_sub(end.chars().count());
        was_cut |= matches!(*end, "..." | "…" | "[...]" | "[…]");
        let kept: String = text.chars().take(keep).collect();
        kept.trim_end().clone_into(&mut text);
    }
    if was_cut && !text.is_empty() && !text.ends_with(['.', '!', '?']) {
        text.push_str(" …");
    }
    text
}

/// Returns whether `text` ends with `end`, and words not in the middle of a word.
fn ends_with_words(text: &str, end: &str) -> bool {
    text.strip_suffix(end).is_some_and(|rest| {
        !end.starts_with(char::is_alphabetic)
            // "immer mehr" is how a sentence may end; "… mehr" leads on.
            || rest.trim_end().ends_with(['.', '…', '!', '?', ':', '>', ')', '"', '“', '\n'])
            || rest.ends_with('\n')
            || rest.trim().is_empty()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leads_on_is_cut_from_a_teaser() {
        for (raw, shown) in [
            ("Der Bund plant. mehr", "Der Bund plant."),
            ("Der Bund plant. mehr...", "Der Bund plant."),
            ("Der Bund plant ... mehr", "Der Bund plant …"),
            ("Der Bund plant […]", "Der Bund plant …"),
            ("Der Bund plant.\nWeiterlesen", "Der Bund plant."),
            ("Der Bund plant. [weiterlesen]", "Der Bund plant."),
            ("Der Bund plant. mehr »", "Der Bund plant."),
            ("Die Kommunen wollen mehr", "Die Kommunen wollen mehr"),
            ("mehr", ""),
        ] {
            assert_eq!(without_teaser_end(raw), shown, "{raw}");
        }
    }
}
