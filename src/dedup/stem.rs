//! The stem of a word: forms of one word, and the ways to name women and men alike, share it.

/// Words for the same people.
const SAME_PEOPLE: &[(&str, &str)] = &[
    ("beschaeftigte", "mitarbeit"),
    ("belegschaft", "mitarbeit"),
    ("mitarbeitend", "mitarbeit"),
    ("lehrkraft", "lehrer"),
    ("lehrkraefte", "lehrer"),
    ("lehrend", "lehrer"),
    ("studierend", "student"),
    ("teilnehmend", "teilnehm"),
    ("einwohnerschaft", "einwohn"),
    ("buergerschaft", "buerg"),
    ("antragstellend", "antragstell"),
    ("sonnabend", "samstag"),
];

/// Returns the folded word without its ending.
pub(super) fn stem(letters: &str) -> &str {
    if let Some((_, same)) = SAME_PEOPLE
        .iter()
        .find(|(known, _)| letters.starts_with(known) && letters.len() < known.len() + 3)
    {
        return same;
    }
    let cut = |word: &'_ str, ending: &str, keeps: usize| {
        word.strip_suffix(ending).filter(|rest| rest.len() >= keeps).map(str::len)
    };
    let mut length = letters.len();
    for ending in ["innen", "in"] {
        if let Some(shorter) = cut(letters, ending, if ending == "innen" { 3 } else { 5 }) {
            length = shorter;
            break;
        }
    }
    // Twice: "Köthener" and "Köthen" are one place.
    for _ in 0..2 {
        let ends = ["enden", "ende", "ern", "en", "er", "em", "es", "e", "n", "s"];
        let Some(shorter) = ends.iter().find_map(|end| cut(&letters[..length], end, 4)) else {
            break;
        };
        length = shorter;
    }
    &letters[..length]
}
