//! Terms, and texts in which they stand or do not.

use super::*;
use crate::model::WordLists;
use crate::topic::folded::fold;
use crate::topic::term;

fn sides(term: &str) -> Vec<Vec<Phrase>> {
    term::parse(term, &WordLists::default()).unwrap().sides
}

fn words<'a>(term: &str, text: &'a str) -> Vec<&'a str> {
    let matcher = Matcher::new(&[sides(term)]).unwrap();
    matcher.hits(&fold(text, &[])).into_iter().map(|hit| &text[hit.start..hit.end]).collect()
}

#[track_caller]
fn finds(term: &str, texts: &[&str]) {
    for text in texts {
        assert!(!words(term, text).is_empty(), "`{term}` misses {text:?}");
    }
}

#[track_caller]
fn misses(term: &str, texts: &[&str]) {
    for text in texts {
        assert_eq!(words(term, text), [""; 0], "`{term}` in {text:?}");
    }
}

#[test]
fn abbreviations_are_whole_tokens_in_their_own_case() {
    finds(
        "OZG",
        &[
            "Das OZG gilt.",
            "OZG-Umsetzung",
            "Kommunal-OZG",
            "(OZG)",
            "des OZGs",
            "„OZG“",
            "OZG\u{ad}",
        ],
    );
    misses("OZG", &["ozg", "Ozg", "OZGÄndG", "OZG1", "x-ozg1-y", "BOZG", "O-ZG"]);
    misses("KITU", &["KiTu Kinderturnen", "Kita", "kitu"]);
    finds("EfA", &["EfA-Dienste", "nach EfA."]);
    misses("EfA", &["efa", "EFA", "Efa"]);
}

#[test]
fn names_in_mixed_case_are_found_in_any_case() {
    finds("openDesk", &["openDesk", "OpenDesk", "OPENDESK", "opendesk-Suite"]);
    finds("SicherKOMMUNAL", &["SicherKommunal", "SicherKOMMUNAL"]);
}

#[test]
fn case_is_looked_at_part_by_part() {
    finds("IT-Union", &["IT-UNION", "IT UNION", "IT-Union eG", "ITUnion"]);
    misses("IT-Union", &["mit Union", "it-union"]);
    finds("E-Akte", &["eAkte", "e-Akte", "E-Akten", "E\u{2011}Akte", "EAkte"]);
    finds("E-Government*", &["eGovernment-Wettbewerb", "E-Government-Gesetz", "e-government"]);
}

#[test]
fn plain_words_match_their_inflected_forms_and_nothing_longer() {
    finds("Kommune", &["Kommunen", "Kommune", "KOMMUNEN"]);
    misses("Kommune", &["kommunal", "Kommunikation", "Telekommune"]);
    finds("Angebote", &["Angebot", "Angebots", "Angeboten", "Angebotes"]);
    finds("Akte", &["Akten"]);
    misses("Akte", &["Akt", "Aktenlage"]);
    finds(
        "Bürger",
        &[
            "Bürger:innen",
            "Bürger*innen",
            "BürgerInnen",
            "Bürgerinnen und Bürger",
            "Bu\u{308}rgern",
            "Buerger",
        ],
    );
    finds(
        "Hauptamtsleiter",
        &["Hauptamtsleiter/innen", "Hauptamtsleiter/-innen", "Hauptamtsleitern"],
    );
}

#[test]
fn an_umlaut_is_not_its_vowel() {
    misses("Förderung", &["Forderung", "Forderungen"]);
    misses("Forderung", &["Förderung", "Foerderung"]);
    finds("Förder*", &["Förderprogramm", "foerderprogramm", "FÖRDERUNG"]);
    misses("Förder*", &["Forderung"]);
    finds("Maßnahme", &["Massnahmen", "MASSNAHME"]);
}

#[test]
fn stars_open_an_end() {
    finds(
        "Onlinezugangsgesetz*",
        &[
            "Onlinezugangsgesetzes",
            "Online-Zugangs-Gesetz",
            "Online-Zugangsgesetz",
            "Onlinezugangs-\ngesetz",
        ],
    );
    misses("Onlinezugangsgesetz*", &["Onlinezugang", "Online Zugang zum Gesetz"]);
    assert_eq!(
        words("*genossenschaft*", "die Jagdgenossenschaftsversammlung tagt"),
        ["Jagdgenossenschaftsversammlung"]
    );
    misses("Transformation", &["Transformator", "Transformationsprozess", "Wärmetransformation"]);
}

#[test]
fn a_phrase_is_one_whatever_parts_its_words() {
    let term = "zentrale Service-Angebote";
    finds(
        term,
        &[
            "Zentrale Serviceangebote",
            "zentralen Service-Angeboten",
            "ein zentrales Service-Angebot",
            "Zentraler\u{a0}Service\u{2011}Angebote",
            "zentrale\nServiceangebote",
            "freiwilliges zentrales Serviceangebot,",
        ],
    );
    misses(
        term,
        &[
            "zentrale. Serviceangebote",
            "Zentrale – Serviceangebote",
            "dezentrale Serviceangebote",
            "zentrale gute Serviceangebote",
        ],
    );
    assert_eq!(words(term, "des „zentralen Service-Angebots“ im"), ["zentralen Service-Angebots"]);
    finds(
        "Digitalisierung der *verwaltung",
        &["Digitalisierung der Landesverwaltung", "Digitalisierung der Verwaltung"],
    );
    finds("digital* Verwaltung*", &["digitalisierte Verwaltungsarbeit", "digitale Verwaltung"]);
    finds("Strategie und Steuerung", &["Strategie & Steuerung"]);
    finds("OZG 2.0", &["das OZG 2.0 kommt"]);
    misses("OZG 2.0", &["OZG 20", "OZG 2. 0", "OZG 2.01"]);
}

#[test]
fn coordinated_compounds_are_completed() {
    assert_eq!(
        words("IT-Sicherheit", "die IT- und Informationssicherheit der"),
        ["IT- und Informationssicherheit"]
    );
    finds(
        "Hauptamtsleiter",
        &["Haupt- und Personalamtsleiter/innen", "Haupt-, Ordnungs- und Personalamtsleitern"],
    );
    finds(
        "Verwaltungsmodernisierung",
        &["Verwaltungs- und Staatsmodernisierung", "Verwaltungs-\nund Registermodernisierung"],
    );
    misses(
        "Hauptamtsleiter",
        &["Haupt- und Nebensache", "Haupt und Personalamtsleiter", "Bau- und Personalamtsleiter"],
    );
}

#[test]
fn compounds_whose_head_is_left_out_are_completed() {
    let text = "die Verwaltungsmodernisierung und -digitalisierung kommt";
    assert_eq!(
        words("Verwaltungsdigitalisierung*", text),
        ["Verwaltungsmodernisierung und -digitalisierung"]
    );
    finds("Registerdaten", &["Registerabrufe oder -daten"]);
    misses(
        "Verwaltungsdigitalisierung",
        &["Verwaltungsmodernisierung und Digitalisierung", "Modernisierung und -digitalisierung"],
    );
}

#[test]
fn a_blank_put_into_a_long_word_does_not_hide_it() {
    finds("Onlinezugangsgesetz*", &["Online Zugangsgesetz", "Online Zugangs Gesetz"]);
    misses("Amtshaus", &["Amts Haus"]);
}

#[test]
fn two_phrases_meet_in_one_sentence() {
    let term = "Genossenschaft ~ IT";
    finds(
        term,
        &["Die Genossenschaft kauft IT für alle.", "IT aus einer Hand bietet die Genossenschaft"],
    );
    misses(
        term,
        &[
            "Die Genossenschaft jagt. Die IT ruht.",
            "Die Genossenschaft",
            "IT",
            "Genossenschaft eins zwei drei vier fünf sechs sieben acht neun zehn elf IT",
        ],
    );
}

#[test]
fn any_of_the_alternatives_will_do() {
    finds("Antrag|Anträge ~ online|im Netz", &["Anträge stellt man im Netz", "online ein Antrag"]);
    misses("Antrag|Anträge ~ online|im Netz", &["Anträge und ein Antrag", "online im Netz"]);
}

#[test]
fn a_word_that_many_phrases_share_is_no_place_to_look_round_for_all_of_them() {
    let terms: Vec<_> =
        (0..500).map(|n| sides(&format!("Projekt{n} Breitbandausbauvorhaben"))).collect();
    let matcher = Matcher::new(&terms).unwrap();
    assert_eq!(matcher.anchors.iter().map(Vec::len).max(), Some(1));
    let hits = matcher.hits(&fold("Projekt7 Breitbandausbauvorhaben", &[]));
    assert_eq!(hits.iter().map(|hit| hit.term).collect::<Vec<_>>(), [7]);
    let short = Matcher::new(&[sides("der Haushalt"), sides("ein Haushalt")]).unwrap();
    assert_eq!(short.phrases.iter().map(|wanted| wanted.anchor).collect::<Vec<_>>(), [1, 1]);
}

#[test]
fn a_hostile_text_costs_no_more_than_its_length() {
    let matcher =
        Matcher::new(&["*aaa*", "aaa*", "a-a-a ~ aaa*", "aaa aaa aaa"].map(sides)).unwrap();
    for text in [
        "a".repeat(50_000),
        "aaa ".repeat(20_000),
        "a-".repeat(20_000),
        "aaa- und aaa ".repeat(5_000),
    ] {
        let _ = matcher.hits(&fold(&text, &[]));
    }
}
