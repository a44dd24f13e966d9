//! A search in the words of all items: which of them hold what is looked for.

use rusqlite::Transaction;

use crate::store::StoreError;
use crate::store::acts::IS_SHOWN;
use crate::store::query::Query;
use crate::text::{Wanted, is_part_of, wanted};

/// Words of a search; what is longer is no search.
const MAX_WORDS: usize = 12;

/// Returns how many items have all of the words in title or text.
pub fn count_found(tx: &Transaction<'_>, search: &str) -> Result<usize, StoreError> {
    let sql = format!(
        "select count(*) from item_words join items on items.id = item_words.rowid
        where item_words match ?1 and {IS_SHOWN}"
    );
    match expression(tx, search)? {
        Some(expression) => tx.value(&sql, [expression]),
        None => Ok(0),
    }
}

/// Returns the search as FTS5 takes it: for each word the words of the index that it
/// means. None if there is no word in it, or one that no item has.
pub(super) fn expression(tx: &Transaction<'_>, search: &str) -> Result<Option<String>, StoreError> {
    // Those that most items have come first: a part of a word may stand in very many.
    const HOLDING: &str =
        "select term from item_terms where instr(term, ?1) order by doc desc, term limit 300";
    let mut all = Vec::new();
    for wanted in wanted(search).into_iter().take(MAX_WORDS) {
        let mut terms: Vec<String> = Vec::new();
        match wanted {
            Wanted::Whole(words) => terms = words,
            Wanted::Holding(parts) => {
                for part in parts {
                    let holding = tx.all(HOLDING, [&part], |row| row.get::<_, String>(0))?;
                    terms.extend(holding.into_iter().filter(|term| is_part_of(&part, term)));
                }
            }
        }
        if terms.is_empty() {
            return Ok(None);
        }
        let quoted: Vec<String> = terms.iter().map(|term| format!("\"{term}\"")).collect();
        all.push(format!("({})", quoted.join(" OR ")));
    }
    Ok((!all.is_empty()).then(|| all.join(" AND ")))
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;
    use crate::text::searchable;

    /// What is searched, what must be found by it, and what must not.
    const CASES: [(&str, &str, &str); 60] = [
        // Compounds
        ("Digitalisierung", "Die Verwaltungsdigitalisierung kommt voran", "Digitale Karte"),
        ("Portal", "Neues Serviceportal", "Portugal"),
        ("Konto", "Das Bürgerkonto startet", "Das Kontor schließt"),
        ("Steuer", "Grundsteuerbescheide online", "Stellenplan beschlossen"),
        ("Frist", "Die Frist läuft", "Der Frisör öffnet"),
        ("Register", "Registermodernisierung im Bund", "Regiebetrieb gegründet"),
        ("Sicherheit", "IT-Sicherheitslücke entdeckt", "Sicher ist sicher"),
        ("Verwaltung", "Kreisverwaltung zieht um", "Verweis auf Anlage"),
        ("Rechenzentrum", "Kommunales Rechenzentrum", "Zentrum für Rechnungen"),
        ("Signatur", "Fernsignatur im Rathaus", "Signal auf Rot"),
        // Endings
        ("Antragsfristen", "Antragsfrist am 3. Mai", "Antrag abgelehnt"),
        ("Kommunen", "Jede Kommune zahlt", "Kommission tagt"),
        ("Kommune", "Alle Kommunen zahlen", "Kommando zurück"),
        ("Angebote", "Ein Angebot liegt vor", "Angeblich fertig"),
        ("Angebot", "Mit neuen Angeboten", "Angela tagt"),
        ("Förderungen", "Förderung für Städte", "Fördermaschine"),
        ("Gemeinden", "Die Gemeinde stimmt zu", "Gemeinsam stark"),
        ("Landkreise", "Im Landkreis Börde", "Landrat gewählt"),
        ("Beschlüsse", "Der Beschluss fällt", "Beschleunigung"),
        ("Haushalte", "Der Haushalt steht", "Haus halten"),
        ("Verfahren", "Ein neues Verfahren", "Er verfährt sich"),
        ("Lizenzen", "Die Lizenz läuft aus", "Lizard"),
        ("Servern", "Der Server steht", "Servietten"),
        ("Schulungen", "Eine Schulung beginnt", "Die Schule öffnet"),
        // Dots
        ("Anträge", "Ein Antrag genügt", "Anti-Rost"),
        ("Antrag", "Viele Anträge gingen ein", "Antarktis"),
        ("Verträge", "Der Vertrag gilt", "Vertrauen"),
        ("Vertrag", "Neue Verträge", "Vertreter"),
        ("Umzüge", "Der Umzug beginnt", "Umzäunung"),
        ("Rathaus", "Die Rathäuser öffnen", "Ratgeber"),
        ("Größe", "GROESSE der Datei", "Gros der Fälle"),
        ("Straße", "Die Hauptstrasse ist gesperrt", "Strauß"),
        ("Uebung", "Übungen im Stab", "Ebung"),
        ("Förderung", "Städtebauförderung", "Die Forderung ist hoch"),
        ("Forderung", "Die Forderung ist hoch", "Die Förderung ist hoch"),
        // Hyphens
        ("Serviceangebote", "Neue Service-Angebote", "Service für alle"),
        ("Service-Angebote", "Neue Serviceangebote", "Service für alle"),
        ("E-Akte", "Die E-Akte kommt", "Akte E fehlt"),
        ("eAkte", "Die E-Akte kommt", "Akte fehlt"),
        ("Open-Source", "OpenSource im Amt", "Opensea"),
        ("Smart-City", "SmartCity-Projekt", "Smarte Uhr"),
        ("IT-Sicherheit", "IT-Sicherheit im Kreis", "Sicherheit an Schulen"),
        ("Sicherheit", "IT-Sicherheit im Kreis", "Sicher im Kreis"),
        ("Akte", "Die E-Akte kommt", "Aktie steigt"),
        // Short words are whole
        ("Rat", "Der Rat tagt", "Eine Beratung"),
        ("Rat", "Die Räte tagen", "Ratten im Keller"),
        ("KI", "KI im Amt", "Kiosk schließt"),
        ("OZG", "Das OZG gilt", "Ozon gemessen"),
        ("OZG", "OZG-Rahmenarchitektur", "Ozongrenze"),
        ("Amt", "Des Amtes Chef", "Samt und Seide"),
        ("Bad", "Das Bad öffnet", "Badge am Hemd"),
        ("Stadt", "Die Stadt plant", "Die Statik hält"),
        ("Wahl", "Die Wahl am Sonntag", "Der Wal taucht"),
        ("Netz", "Das Netz steht", "Netto gezahlt"),
        // All words, whatever their order and case
        ("stadt portal", "Das Portal der Stadt", "Das Portal des Landes"),
        ("PORTAL", "portal offen", "Porto teurer"),
        ("portal frist", "Frist am Portal", "Frist am Tor"),
        ("  ozg,  ki ", "KI und OZG", "KI allein"),
        ("Musterstadt 2026", "2026 in Musterstadt", "2025 in Musterstadt"),
        ("\"OZG\" OR NOT *", "OZG or not", "OZG"),
    ];

    #[test]
    fn sixty_searches_find_what_they_must_and_nothing_else() {
        let mut connection = Connection::open_in_memory().unwrap();
        crate::store::migrate::migrate(&mut connection, "memory").unwrap();
        let tx = connection.transaction().unwrap();
        let mut wrong = Vec::new();
        for (search, found, other) in CASES {
            tx.execute("delete from item_words", []).unwrap();
            for (id, text) in [(1, found), (2, other)] {
                let words = searchable(text);
                tx.execute("insert into item_words (rowid, words) values (?1, ?2)", (id, words))
                    .unwrap();
            }
            let ids: Vec<i64> = match expression(&tx, search).unwrap() {
                Some(expression) => tx
                    .all(
                        "select rowid from item_words where item_words match ?1",
                        [expression],
                        |row| row.get(0),
                    )
                    .unwrap(),
                None => Vec::new(),
            };
            if ids != [1] {
                wrong.push(format!("`{search}` in `{found}`, not in `{other}`: {ids:?}"));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
