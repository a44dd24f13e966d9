//! What folds away, and what stays.

use super::*;

fn folded(text: &str) -> String {
    String::from_utf8(fold(text, &[]).bytes).unwrap()
}

fn joints(text: &str) -> Vec<Joint> {
    let folded = fold(text, &[]);
    (1..folded.bytes.len())
        .map(|at| folded.joint(at))
        .filter(|&joint| joint != Joint::None)
        .collect()
}

#[test]
fn spelling_that_is_a_matter_of_taste_folds_away() {
    for (text, expected) in [
        ("Größe GRÖSSE Groesse", "groessegroessegroesse"),
        ("Bu\u{308}rger", "buerger"),
        ("Ver\u{ad}wal\u{200b}tung", "verwaltung"),
        (
            "Bürger:innen Bürger*innen BürgerInnen Leiter/-innen Leiter(innen)",
            "buergerinnenbuergerinnenbuergerinnenleiterinnenleiterinnen",
        ),
        ("Café ﬁnden", "cafefinden"),
        ("Strategie & Steuerung", "strategieundsteuerung"),
        ("a\u{37a}b Ǣ", "abae"),
    ] {
        assert_eq!(folded(text), expected, "{text}");
    }
    assert_ne!(folded("Förderung"), folded("Forderung"));
}

#[test]
fn each_gap_is_one_joint() {
    for (text, expected) in [
        ("a-b", Joint::Hyphen),
        ("a\u{2011}b", Joint::Hyphen),
        ("a-\nb", Joint::Hyphen),
        ("a\u{a0} b", Joint::Blank),
        ("a/b", Joint::Blank),
        ("a\nb", Joint::Blank),
        ("a.b", Joint::Tight),
        ("a. b", Joint::Hard),
        ("a – b", Joint::Hard),
        ("a\n\nb", Joint::Hard),
    ] {
        assert_eq!(joints(text), [expected], "{text:?}");
    }
}

#[test]
fn a_hyphen_before_a_conjunction_is_kept_for_its_compound() {
    assert_eq!(fold("Haupt- und Personalamt", &[]).suspended, [5]);
    assert_eq!(fold("Haupt-\nund Personalamt", &[]).suspended, [5]);
    assert_eq!(fold("Verwal-\ntung", &[]).suspended, [0usize; 0]);
}

#[test]
fn sentences_end_at_stops_but_not_at_ordinals() {
    let sentences = |text| fold(text, &[]).sentence(usize::MAX);
    assert_eq!(sentences("Die 57. Sitzung war kurz"), 0);
    assert_eq!(sentences("Sie war kurz. Danach kam nichts"), 1);
}

#[test]
fn cuts_are_left_out_and_part_their_neighbours() {
    let text = "Amt XX Haus";
    let cut = fold(text, std::slice::from_ref(&(4..6)));
    assert_eq!(cut.bytes, b"amthaus");
    assert_eq!(cut.joint(3), Joint::Hard);
    assert_eq!(cut.span(3, 7), (7, 11));
}

proptest::proptest! {
    #[test]
    fn folding_twice_changes_nothing(text in "\\PC{0,80}") {
        let once = folded(&text);
        proptest::prop_assert_eq!(folded(&once), once);
    }

    #[test]
    fn every_letter_knows_its_place(text in "[\\PC\\s\u{300}-\u{308}ÄäßİŉΰＡ]{0,60}") {
        let folded = fold(&text, &[]);
        proptest::prop_assert_eq!(folded.bytes.len(), folded.letters.len());
        for letter in folded.letters {
            proptest::prop_assert!(text.get(letter.from as usize..letter.to as usize).is_some_and(|words| !words.is_empty()));
        }
    }
}
