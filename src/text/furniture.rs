//! Page furniture: words that publishing systems print around a text.
//!
//! One list for all that tell an item's own words from those of its page: the
//! reader of articles, the topics, and the comparison of items.

/// A line that begins so, and the rest after it, is the publisher's, wherever it stands. All
/// lists are in lower case.
const SIGNATURES: &[&str] = &[
    "impressum",
    "pressekontakt",
    "kontakt:",
    "ansprechpartner:",
    "medienkontakt",
    "herausgeber:",
    "verantwortlich:",
    "v.i.s.d.p",
    "original-content von",
    "über uns",
    "leserkommentare",
    "kommentare (",
    "kommentare:",
    "kommentar schreiben",
    "jetzt kommentieren",
    "diskutieren sie mit",
];

/// A line that begins so heads other items if it says no more, and they are not the item's; with
/// words of its own it is left out alone.
const HEADINGS: &[&str] = &[
    "lesen sie auch:",
    "lesen sie auch",
    "das könnte sie auch interessieren",
    "mehr zum thema",
    "weitere meldungen",
    "weitere artikel",
    "weitere nachrichten",
    "verwandte artikel",
    "ähnliche beiträge",
    "schreibe einen kommentar",
    "weitere themen",
    "weitere beiträge",
    "weitere pressemitteilungen",
    "aktuelle meldungen",
    "das könnte ihnen auch gefallen",
    "das interessiert andere leser",
    "empfehlungen der redaktion",
    "meistgelesen",
    "meistgelesene artikel",
    "beliebte artikel",
    "passend dazu",
    "ähnliche artikel",
    "kommentare",
    "grußwort",
];

/// A line that begins so says whose a picture or a text is, or who pays for it.
const CREDITS: &[&str] = &[
    "foto:",
    "fotos:",
    "bild:",
    "bilder:",
    "bildquelle",
    "bildunterschrift",
    "bildnachweis",
    "abbildung:",
    "symbolbild",
    "symbolfoto",
    "grafik:",
    "©",
    "(c) ",
    "quelle:",
    "archivbild",
    "archivfoto",
    "anzeige",
    "werbung:",
    "ende der anzeige",
];

/// A line that begins so is left out alone.
const LINES: &[&str] = &[
    "anbieter zum thema",
    "siehe auch:",
    "auch interessant:",
    "lesen sie hier",
    "lesen sie dazu",
    "lesen sie mehr",
    "mehr aus ",
    "mehr dazu:",
    "top-themen",
    "aufrufe:",
    "seitenaufrufe",
    "zugriffe:",
    "klicks:",
    "gelesen:",
    "lesezeit",
    "lesedauer",
    "artikel anhören",
    "beitrag anhören",
    "stand:",
    "zuletzt aktualisiert",
    "zuletzt geändert",
    "letzte aktualisierung",
    "letzte änderung",
    "aktualisiert am",
    "aktualisiert:",
    "veröffentlicht am",
    "erstellt am",
    "teilen:",
    "teilen auf",
    "jetzt teilen",
    "artikel teilen",
    "beitrag teilen",
    "folgen sie uns",
    "seite drucken",
    "nach oben",
    "tags:",
    "schlagworte:",
    "schlagwörter:",
    "kommentar von",
    "immer gut informiert",
    "wetter:",
    "das wetter",
    "heute in ",
    "heute im ",
    "veranstaltungen heute",
    "veranstaltungstipp",
    "termine heute",
    "nichts mehr verpassen",
];
/// Longer than any opening, and one character more to see where it ends.
pub const LONGEST_OPENING: usize = 40;
/// A line that only refers to others may be this long, in characters; a longer one tells something.
pub const LONGEST_LINE: usize = 240;

/// Headings of boxes that stand beside or below a text and lead to other pages, in lower case.
const BOXES: &[&str] = &[
    "aktuelles",
    "alle meldungen",
    "ansprechpartner",
    "archiv",
    "auch interessant",
    "das könnte dich auch interessieren",
    "das könnte ihnen auch gefallen",
    "diesen artikel teilen",
    "diese seite teilen",
    "empfehlungen",
    "folgen sie uns",
    "ihre auswahl",
    "kategorien",
    "kommentare",
    "kommentar schreiben",
    "kommentar verfassen",
    "kontakt",
    "letzte meldungen",
    "links zum thema",
    "mehr aus",
    "mehr dazu",
    "mehr lesen",
    "mehr news",
    "mehr zu diesem thema",
    "mehr von",
    "meistgelesen",
    "meist gelesen",
    "neueste beiträge",
    "neueste meldungen",
    "newsletter",
    "passend zum thema",
    "passend dazu",
    "schlagworte",
    "schlagwörter",
    "schnellzugriff",
    "seite teilen",
    "stichworte",
    "teilen",
    "termine",
    "themen",
    "verwandte inhalte",
    "verwandte themen",
    "veranstaltungen",
    "weitere beiträge",
    "weitere informationen zum thema",
    "weitere pressemitteilungen",
    "weitere themen",
    "zum thema",
    "about the author",
    "advertisement",
    "comments",
    "follow us",
    "more from",
    "more stories",
    "most popular",
    "most read",
    "newsletter abonnieren",
    "popular",
    "read more",
    "read next",
    "recommended",
    "related stories",
    "sign up",
    "subscribe",
    "trending",
    "you may also like",
    "über den autor",
    "über die autorin",
    "zum autor",
    "related",
    "related articles",
    "related posts",
    "leave a comment",
    "leave a reply",
    "share this",
];

/// Headings of boxes with files that belong to a text, in lower case.
const FILES: &[&str] = &[
    "anhang",
    "anhänge",
    "anlage",
    "anlagen",
    "dateien",
    "dateianhänge",
    "dokument",
    "dokumente",
    "download",
    "downloads",
    "download-bereich",
    "downloadbereich",
    "zum download",
    "zum herunterladen",
    "herunterladen",
    "material",
    "materialien",
    "formulare",
    "unterlagen",
    "weitere dokumente",
    "pdf",
];

/// Links and buttons that act on the page, in lower case.
const ACTIONS: &[&str] = &[
    "zurück",
    "zurück zur übersicht",
    "zurück zur liste",
    "zur übersicht",
    "zur startseite",
    "zum seitenanfang",
    "nach oben",
    "seitenanfang",
    "drucken",
    "seite drucken",
    "druckversion",
    "artikel drucken",
    "teilen",
    "seite teilen",
    "per e-mail teilen",
    "weiterempfehlen",
    "empfehlen",
    "seite weiterempfehlen",
    "vorlesen",
    "seite vorlesen",
    "text vorlesen",
    "anhören",
    "artikel anhören",
    "beitrag anhören",
    "merken",
    "bild vergrößern",
    "weiterlesen",
    "mehr erfahren",
    "mehr lesen",
    "zum inhalt springen",
    "auf facebook teilen",
    "auf twitter teilen",
    "twittern",
    "kommentieren",
    "als pdf speichern",
    "link kopieren",
    "vorheriger beitrag",
    "nächster beitrag",
    "vorheriger artikel",
    "nächster artikel",
    "alle akzeptieren",
    "advertisement",
    "anzeige",
    "back to top",
    "email",
    "e-mail",
    "facebook",
    "bluesky",
    "instagram",
    "linkedin",
    "mastodon",
    "telegram",
    "xing",
    "log in",
    "print",
    "read more",
    "share",
    "share this",
    "sign in",
    "subscribe",
    "tweet",
    "twitter",
    "whatsapp",
];

/// Headings that name a section of a site, not an item of it, in lower case.
const SECTIONS: &[&str] = &[
    "aktuell",
    "aktuelle meldung",
    "aktuelle meldungen",
    "aktuelle nachrichten",
    "aktuelle pressemitteilungen",
    "aktuelles",
    "aktuelles aus dem rathaus",
    "archiv",
    "artikel",
    "bekanntmachung",
    "bekanntmachungen",
    "blog",
    "detail",
    "detailansicht",
    "details",
    "hauptinhalt",
    "home",
    "inhalt",
    "inhaltsbereich",
    "meldung",
    "meldungen",
    "menü",
    "nachricht",
    "nachrichten",
    "navigation",
    "neues",
    "neuigkeiten",
    "news",
    "presse",
    "pressearchiv",
    "pressebereich",
    "presseinformation",
    "presseinformationen",
    "pressemeldung",
    "pressemeldungen",
    "pressemitteilung",
    "pressemitteilungen",
    "rathaus aktuell",
    "service",
    "start",
    "startseite",
    "suche",
    "willkommen",
];

/// Returns whether a heading stands over a box that leads to other pages.
pub fn heads_a_box(heading: &str) -> bool {
    let heading = lower(heading, LONGEST_OPENING + 20);
    let bare = bare(&heading);
    BOXES.contains(&bare)
        || SIGNATURES.iter().chain(HEADINGS).any(|words| bare == words.trim_end_matches(':'))
        || [
            "das könnte sie",
            "das könnte dich",
            "lesen sie auch",
            "mehr zum thema",
            "weitere meldungen",
            "you may also",
            "you might also",
        ]
        .iter()
        .any(|words| bare.starts_with(words))
}

/// Returns whether a heading stands over files that belong to the text.
pub fn heads_files(heading: &str) -> bool {
    let heading = lower(heading, LONGEST_OPENING);
    let bare = bare(&heading);
    FILES.contains(&bare)
        || ["download", "dokumente ", "anlagen ", "dateien "]
            .iter()
            .any(|words| bare.starts_with(words))
}

/// Returns whether words are those of a link or button that acts on the page.
pub fn is_action(words: &str) -> bool {
    let words = lower(words, LONGEST_OPENING);
    ACTIONS.contains(&bare(&words))
}

/// Returns whether a heading names a section of a site.
pub fn names_a_section(heading: &str) -> bool {
    let heading = lower(heading, LONGEST_OPENING);
    SECTIONS.contains(&bare(&heading))
}

/// Returns whether a paragraph asks for consent to cookies or tells of them.
pub fn is_consent(paragraph: &str) -> bool {
    let has = |words: &[&str]| words.iter().any(|word| paragraph.contains(word));
    has(&["ookie", "racking"])
        && has(&[
            "kzeptier",
            "ustimm",
            "willig",
            "Einstellungen",
            "atenschutz",
            "onsent",
            "accept",
            "rivacy",
            "verwende",
            "nutzen wir",
        ])
}

/// Returns whether the beginning of a line, in lower case, may be furniture.
pub fn may_open(opening: &str) -> bool {
    [SIGNATURES, HEADINGS, CREDITS, LINES]
        .into_iter()
        .flatten()
        .any(|words| begins_with(opening, words))
}

/// Returns words without marks round them.
fn bare(words: &str) -> &str {
    words.trim_matches(|c: char| !c.is_alphanumeric())
}

/// Returns the first characters of a line in lower case.
pub fn lower(line: &str, most: usize) -> String {
    let mut lower = String::new();
    push_lower(&mut lower, line, most);
    lower
}

/// Appends the first characters of a line in lower case.
pub fn push_lower(lower: &mut String, line: &str, most: usize) {
    for c in line.trim().chars().take(most) {
        match c {
            _ if c.is_ascii() => lower.push(c.to_ascii_lowercase()),
            _ => lower.extend(c.to_lowercase()),
        }
    }
}

/// How a line ends a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tail {
    /// It does not.
    None,
    /// A heading of other items.
    Heading,
    /// The publisher's own words begin.
    Signature,
}

/// Returns whether a line in lower case ends the text before it.
pub fn is_tail(line: &str) -> bool {
    tail(line) != Tail::None
}

/// Returns how a line in lower case ends the text before it.
pub fn tail(line: &str) -> Tail {
    if SIGNATURES.iter().any(|opening| begins_with(line, opening)) {
        return Tail::Signature;
    }
    let Some(opening) = HEADINGS.iter().find(|opening| begins_with(line, opening)) else {
        return Tail::None;
    };
    let is_heading =
        line.trim_end_matches([':', ' ', '…', '.']).chars().count() <= opening.chars().count() + 4;
    let is_of_comments = *opening == "kommentare" && is_heading;
    if is_of_comments || *opening == "grußwort" && line.chars().count() <= 80 {
        Tail::Signature
    } else if is_heading {
        Tail::Heading
    } else {
        Tail::None
    }
}

/// Returns whether a line says whose a picture or a text is, or who pays for it.
pub fn is_credit(line: &str) -> bool {
    let line = lower(line, LONGEST_OPENING);
    CREDITS.iter().any(|opening| begins_with(&line, opening))
}

/// Returns whether a line in lower case is to be left out alone.
pub fn is_line(line: &str) -> bool {
    // Who pays may say much.
    if ["anzeige:", "werbung:", "anzeige –", "anzeige -"].iter().any(|paid| line.starts_with(paid))
    {
        return true;
    }
    if line.chars().count() > LONGEST_LINE {
        return false;
    }
    let asks_to_subscribe = line.contains("newsletter")
        && ["abonnier", "bestellen sie", "melden sie sich", "jetzt anmelden", "verpassen"]
            .iter()
            .any(|word| line.contains(word));
    let cookies = line.contains("cookie")
        && ["akzeptier", "zustimm", "stimmen", "einwillig", "verwende", "nutz", "einstellung"]
            .iter()
            .any(|word| line.contains(word));
    cookies
        || line == "werbung"
        || asks_to_subscribe
        || [CREDITS, LINES, HEADINGS]
            .into_iter()
            .flatten()
            .any(|opening| begins_with(line, opening))
}

/// Returns whether a line begins with `opening` as whole words.
pub fn begins_with(line: &str, opening: &str) -> bool {
    line.strip_prefix(opening).is_some_and(|rest| {
        !opening.ends_with(char::is_alphanumeric)
            || rest.chars().next().is_none_or(|c| !c.is_alphanumeric() && c != '-')
    })
}
