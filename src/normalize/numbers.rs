//! Numbers under which offices file what they publish, wherever it is printed again.
//!
//! A number names an item only together with who gave it: press releases of two
//! ministries bear the same ones. Both are looked for in the lines about a text, not in
//! its sentences, which may speak of another one. Security advisories need no entry:
//! two that name other CVEs refute each other as any two with other figures do.

use std::sync::LazyLock;

use regex::Regex;

use crate::text;

/// Who numbers press releases.
struct Authority {
    /// Stands in the item's name; never to be changed.
    short: &'static str,
    /// Its own site.
    site: &'static str,
    /// Words of its name, folded; `fuer` may be written `fur`.
    name: &'static str,
    /// The Land whose portals print it under that name; elsewhere the Land stands beside it.
    land: Option<Land>,
}

#[derive(Clone, Copy)]
struct Land {
    site: &'static str,
    name: &'static str,
}

const SAXONY_ANHALT: Option<Land> =
    Some(Land { site: "sachsen-anhalt.de", name: "sachsen anhalt" });

/// Returns a ministry of Saxony-Anhalt.
const fn ministry(short: &'static str, site: &'static str, name: &'static str) -> Authority {
    Authority { short, site, name, land: SAXONY_ANHALT }
}

/// Returns an office or association of the whole country, or one whose name says where it is.
const fn office(short: &'static str, site: &'static str, name: &'static str) -> Authority {
    Authority { short, site, name, land: None }
}

/// Where one name lies within another, the longer one stands first.
const AUTHORITIES: &[Authority] = &[
    ministry("stk", "stk.sachsen-anhalt.de", "staatskanzlei"),
    ministry("mid", "mid.sachsen-anhalt.de", "infrastruktur und digitales"),
    ministry("mi", "mi.sachsen-anhalt.de", "ministerium fuer inneres"),
    ministry("mf", "mf.sachsen-anhalt.de", "ministerium der finanzen"),
    ministry("mb", "mb.sachsen-anhalt.de", "ministerium fuer bildung"),
    ministry("mj", "mj.sachsen-anhalt.de", "ministerium fuer justiz"),
    ministry("ms", "ms.sachsen-anhalt.de", "ministerium fuer arbeit soziales"),
    ministry("mwu", "mwu.sachsen-anhalt.de", "ministerium fuer wissenschaft energie"),
    ministry("mwl", "mwl.sachsen-anhalt.de", "ministerium fuer wirtschaft tourismus"),
    office("bsi", "bsi.bund.de", "bundesamt fuer sicherheit in der informationstechnik"),
    office("bmds", "bmds.bund.de", "bundesministerium fuer digitales"),
    office("bmi", "bmi.bund.de", "bundesministerium des innern"),
    office("destatis", "destatis.de", "statistisches bundesamt"),
    office("dst", "staedtetag.de", "deutscher staedtetag"),
    office("dlt", "landkreistag.de", "deutscher landkreistag"),
    office("dstgb", "dstgb.de", "deutscher staedte und gemeindebund"),
    office("sgsa", "kommunales-sachsen-anhalt.de", "staedte und gemeindebund sachsen anhalt"),
];

/// Who numbers printed papers of a parliament: name in the item's name, site, words.
const PARLIAMENTS: &[(&str, &str, &str)] = &[
    ("bt", "bundestag.de", "deutscher bundestag"),
    ("br", "bundesrat.de", "bundesrat"),
    ("st", "landtag.sachsen-anhalt.de", "landtag von sachsen anhalt"),
];

/// Numbers that are given once in the world, as they stand in a line about a text.
const WORLDWIDE: &[(&str, &str)] = &[
    ("doi", r"(?i)\b(?:doi(?:\.org/|:\s?|\s))(10\.\d{4,9}/[-._;()/:a-z0-9]{1,120}[a-z0-9])"),
    ("ecli", r"\bECLI:([A-Z]{2}:[A-Z0-9]{1,10}:(?:19|20)\d{2}:[A-Z0-9.]{1,40})"),
    ("wid", r"\bWID-(SEC-(?:20)\d{2}-\d{3,5})\b"),
];

/// `165/2025`, `165/25` or `165 vom 24. November 2025`, with the words before it that make
/// it a press release's number.
const RELEASE: &str = concat!(
    r"(?i)\b(?:pressemitteilung|pressemeldung|presseinformation|medieninformation|pm)",
    r"\s*(?:nr\.?|nummer)?\s*:?\s*(\d{1,4})",
    r"(?:\s?/\s?((?:19|20)?\d{2})\b|\s+vom\s+\d{1,2}\.\s?(?:\d{1,2}\.|\w{3,9})\s?((?:19|20)\d{2})\b)",
);

/// `Drucksache 8/1234`, at the beginning of a line.
const PAPER: &str = r"(?im)^\s*(?:(?:BT|BR|LT)-)?(?:Drucksache|Drs\.?)\s*:?\s*(\d{1,3}/\d{1,6})\b";

static PATTERNS: LazyLock<Option<Patterns>> = LazyLock::new(Patterns::compiled);

struct Patterns {
    release: Regex,
    paper: Regex,
    worldwide: Vec<(&'static str, Regex)>,
}

impl Patterns {
    fn compiled() -> Option<Self> {
        let worldwide =
            WORLDWIDE.iter().map(|(kind, words)| Some((*kind, Regex::new(words).ok()?)));
        Some(Self {
            release: Regex::new(RELEASE).ok()?,
            paper: Regex::new(PAPER).ok()?,
            worldwide: worldwide.collect::<Option<Vec<_>>>()?,
        })
    }
}

/// Returns the names that numbers give to the item of this address whose title and text
/// are `words`: `pm:mid-165-2025`, `doi:10.1000/182`.
pub(super) fn named(host: &str, path: &str, words: &str) -> Vec<String> {
    let Some(patterns) = PATTERNS.as_ref() else { return Vec::new() };
    let about = lines_about(words);
    let address = format!("{host}{path}");
    let mut names = Vec::new();
    for (kind, pattern) in &patterns.worldwide {
        let found = pattern.captures(&address).or_else(|| pattern.captures(&about));
        names.extend(found.map(|found| format!("{kind}:{}", found[1].to_lowercase())));
    }
    names.extend(release(&patterns.release, host, path, words, &about));
    names.extend(paper(&patterns.paper, host, &about));
    names
}

fn release(pattern: &Regex, host: &str, path: &str, words: &str, about: &str) -> Option<String> {
    let own = AUTHORITIES.iter().find(|authority| is_within(host, authority.site));
    let land = AUTHORITIES.iter().filter_map(|authority| authority.land);
    let land = land.into_iter().find(|land| is_within(host, land.site));
    // A publisher's own pages number themselves in their first sentence, too.
    let head: String = words.chars().take(600).collect();
    let place = if own.is_some() || land.is_some() { &head } else { about };
    let found = pattern.captures(place)?;
    let year = found.get(2).or(found.get(3))?.as_str();
    let year = if year.len() == 2 { format!("20{year}") } else { year.to_owned() };
    let number = found[1].trim_start_matches('0');
    // The press portal says in its addresses whose release it is.
    let directory = path.split('/').find(|part| !part.is_empty()).unwrap_or_default();
    let authority = own
        .or_else(|| named_in(directory, land).filter(|_| land.is_some()))
        .or_else(|| named_in(place, land))?;
    Some(format!("pm:{}-{number}-{year}", authority.short))
}

fn paper(pattern: &Regex, host: &str, about: &str) -> Option<String> {
    let number = &pattern.captures(about)?[1];
    let line = plain_words(about);
    let (short, ..) = PARLIAMENTS
        .iter()
        .find(|(_, site, _)| is_within(host, site))
        .or_else(|| PARLIAMENTS.iter().find(|(.., name)| line.contains(name)))?;
    Some(format!("drs:{short}-{number}"))
}

/// Returns the authority that these words name. A ministry's name does without its Land on the
/// portals of that Land only.
fn named_in(words: &str, portal: Option<Land>) -> Option<&'static Authority> {
    let line = plain_words(words);
    AUTHORITIES.iter().find(|authority| {
        line.contains(authority.name)
            && authority.land.is_none_or(|land| {
                portal.is_some_and(|portal| portal.site == land.site) || line.contains(land.name)
            })
    })
}

fn plain_words(text: &str) -> String {
    let folded = text::fold(text);
    let words = folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(|word| if word == "fur" { "fuer" } else { word }).collect::<Vec<_>>().join(" ")
}

fn is_within(host: &str, site: &str) -> bool {
    host.strip_suffix(site).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// Returns the lines that say something about a text: short ones at its beginning and end that are
/// no sentences.
fn lines_about(text: &str) -> String {
    const HEAD: usize = 7;
    const TAIL: usize = 3;
    const LONGEST: usize = 200;
    let is_about = |line: &&str| {
        let line = line.trim();
        !line.is_empty() && line.len() <= LONGEST && !line.ends_with(['.', '!', '?'])
    };
    let head = text.lines().take(HEAD);
    let behind = text.lines().count().saturating_sub(HEAD);
    let tail = text.lines().rev().take(TAIL.min(behind));
    head.chain(tail).filter(is_about).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(host: &str, path: &str, words: &str) -> Vec<String> {
        named(host, path, words)
    }

    #[test]
    fn a_press_release_is_known_by_its_authority_and_number() {
        let mid = ["pm:mid-165-2025"];
        let portal = "/ministerium-fuer-infrastruktur-und-digitales/2025/11/24/x";
        let presse = "presse.sachsen-anhalt.de";
        assert_eq!(of(presse, portal, "Pressemitteilung: 165/2025\nMagdeburg"), mid);
        let line = "Pressemitteilung 165/2025 Ministerium für Infrastruktur und Digitales";
        assert_eq!(of("sachsen-anhalt.de", "/bs/p", line), mid);
        assert_eq!(of("mid.sachsen-anhalt.de", "/x", "PM Nr. 165/2025"), mid);
        let social = "/ministerium-fur-arbeit-soziales-gesundheit-und-gleichstellung/2026/06/01/x";
        assert_eq!(of(presse, social, "Pressemitteilung: 7/2026"), ["pm:ms-7-2026"]);
        assert_eq!(of("bsi.bund.de", "/x", "Presseinformation Nr. 12/25"), ["pm:bsi-12-2025"]);
        let dated = "Statistisches Bundesamt\nPressemitteilung Nr. 412 vom 24. November 2025";
        assert_eq!(of("a.de", "/x", dated), ["pm:destatis-412-2025"]);
    }

    #[test]
    fn a_mirror_needs_the_whole_name_in_a_line_about_the_text() {
        let none: [&str; 0] = [];
        let line = "Pressemitteilung 165/2025, Ministerium für Infrastruktur und Digitales";
        assert_eq!(of("a.de", "/x", line), none, "of which Land?");
        let whole = format!("{line} des Landes Sachsen-Anhalt");
        assert_eq!(of("a.de", "/x", &whole), ["pm:mid-165-2025"]);
        let below = format!("Titel\nDas Land fördert.\nMehr dazu.\nNoch mehr.\nEnde.\n{whole}");
        assert_eq!(of("a.de", "/x", &below), ["pm:mid-165-2025"]);
        let told = format!("Titel\nWie die {whole} sagt, ist es so.");
        assert_eq!(of("a.de", "/x", &told), none, "a sentence speaks of it");
        assert_eq!(of("sachsen-anhalt.de", "/x", "Pressemitteilung 165/2025"), none, "whose?");
    }

    #[test]
    fn papers_and_numbers_given_once_are_names() {
        assert_eq!(of("bundestag.de", "/x", "Drucksache 20/8093\nGesetz"), ["drs:bt-20/8093"]);
        let landtag = "Landtag von Sachsen-Anhalt\nDrucksache 8/1234";
        assert_eq!(of("a.de", "/x", landtag), ["drs:st-8/1234"]);
        assert_eq!(of("a.de", "/x", "Studie\nDOI: 10.1000/AB-12.3"), ["doi:10.1000/ab-12.3"]);
        assert_eq!(of("doi.org", "/10.1000/182", "Studie"), ["doi:10.1000/182"]);
        let ruling = "Urteil\nECLI:DE:BVerwG:2024:120324U6C1.23.0".to_uppercase();
        assert_eq!(of("a.de", "/x", &ruling), ["ecli:de:bverwg:2024:120324u6c1.23.0"]);
        let advisory = "[NEU] Apache: Schwachstelle [WID-SEC-2025-1234]";
        assert_eq!(of("a.de", "/x", advisory), ["wid:sec-2025-1234"]);
        let cited = "Die Studie (DOI: 10.1000/182) zeigt, was die Drucksache 8/1234 fordert.";
        assert!(of("a.de", "/x", cited).is_empty(), "cited in a sentence");
    }
}
