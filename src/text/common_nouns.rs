//! Nouns that any two reports of offices share.

use std::collections::HashSet;
use std::sync::LazyLock;

/// Stems, folded, of nouns that stand in at least one of sixty reports. Taken from
/// seven hundred texts of our own.
const STEMS: &str = "\
    ablaeuf abteilung adres aemt akte amt anbiet anfang anfrag angab angebot angriff anhalt anlag \
    anlieg anmeldung antraeg antrag antwort app april arbeit arbeitsplaetz aufgab august ausgab \
    auskunft ausschreibung auswei auto bad bayer beauftragt bedarf behoerd beispiel bereich bericht \
    berli bescheid besuch betrieb bildschirm brandenburg buerg buergerbuero buergermeist buero bund \
    cdu cloud comput date datenschutz der deutsch deutschland dezemb die dienst dienstag dienstleist \
    digital digitalisierung digitalminist digitalstrategi dokument donnerstag drittel druck eben eg \
    ein einfuehrung einkauf einwoh ende entscheidung entwurf erfahrung erst euro fachleut \
    fachverfahr faell fahrzeug fall februar feuerwehr firm firma flaech formular frag freistaat \
    freitag fruehjahr gebuehr geld gemeind gemeinsam genossenschaft geraet gericht geschaeftsfuehr \
    geschaeftsstell gesellschaft gesetz gespraech government grundlag haelft haeu hand handy haus \
    haushalt herbst herstell hilf hochschul idee informationstechnik infrastruktur innenministerium \
    intelligenz internet it jahr januar juli juni kabinett kart kass kauf ki kilomet kind kita \
    kolleg kommu kommunal konto konzept kooperatio kost kraeft kraft krei kreistag kreisverwaltung \
    kund laend land landesregierung landesverwaltung landkrei landrat landratsamt landtag leistung \
    leit leitung leut link lizenz loesung maerz mai mail mal mensch meter milliard millio minist \
    ministerium minut mitarbeit mitglied mittel mittwoch modell monat montag nachbar nachwei name \
    netz neue novemb numm nutz oberbuergermeist oktob onli onlinezugangsgesetz ort orte pandemi papi \
    part personal personalauswei pflicht plan planungsrat plattform platz portal post praxi prei \
    programm projekt prozent prozes rathaeu rathau raum rech rechenzentr rechenzentrum rechnung \
    regel regio regist sach satzung schluessel schnittstell schritt schul schulung seit septemb serv \
    servic sicherheit sie smartpho softwar somm spitzenverba sprech stadt stadtrat stadtverwaltung \
    stadtwerk staedt stand standard standort start stell stimm stras strategi strom struktur studi \
    stund syst tablet tag tage team technik teil telefo termi text thuering transformatio uhr umbau \
    umsetzung unio unterlag unternehm unterschrift verband verbandsgemeind verbund vereinbarung \
    verfahr vertraeg vertrag verwaltung vorgaeng vorgang vorhab vorlag vorstand wandel was weg wege \
    westfal wie woch wohngeld zahl zeit zentral ziel zugang zukunft zusammenarbeit zustaendigkeit \
    zweckverba zweckverband zwei";

static SET: LazyLock<HashSet<&'static str>> = LazyLock::new(|| STEMS.split_whitespace().collect());

/// Returns the stems of nouns that say nothing about what a report is of.
pub fn common_nouns() -> &'static HashSet<&'static str> {
    &SET
}
