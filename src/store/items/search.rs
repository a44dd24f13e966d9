//! A search in the words of all items: which of them hold what is looked for, and what may
//! have been meant where none does.

use std::cmp::Reverse;
use std::collections::HashSet;

use rusqlite::{Transaction, named_params};

use super::{Listing, Place, get, listing};
use crate::model::ItemId;
use crate::store::StoreError;
use crate::store::query::{Query, column};
use crate::text::{self, Fit, Wanted};

/// Hits that are looked at, the newest first. A search with more is no search, and says so.
const MOST_HITS: usize = 2_000;
/// Words of the index that one of a search stands for.
const MOST_WORDS: usize = 400;
/// Words of the index that are compared with one that is misspelt.
const MOST_COMPARED: usize = 10_000;

/// The items that a search finds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hits {
    /// Those that fit best come first, of these the newest.
    pub items: Vec<Place>,
    /// There are more than are looked at.
    pub is_cut: bool,
}

/// How well an item fits: the words stand in its title or elsewhere, as such or in compounds.
type Rank = (Option<Fit>, bool);

/// Returns the items among those of a listing that have all of the words in title or text.
pub fn search(tx: &Transaction<'_>, words: &str, among: &Listing) -> Result<Hits, StoreError> {
    let wanted = text::wanted(words);
    let Some(sought) = sought(tx, &wanted)? else { return Ok(Hits::default()) };
    let found = matching(tx, &sought.any, among)?;
    let exact: HashSet<ItemId> = match &sought.exact {
        Some(exact) => matching(tx, exact, among)?.into_iter().map(|hit| hit.id).collect(),
        None => HashSet::new(),
    };
    let is_cut = found.len() == MOST_HITS;
    let mut ranked: Vec<(Rank, Place)> = found
        .into_iter()
        .map(|hit| {
            let rank = (text::fit(&hit.title, &wanted), exact.contains(&hit.id));
            (rank, Place { at: hit.at, id: hit.id })
        })
        .collect();
    ranked.sort_unstable_by_key(|(rank, place)| Reverse((*rank, place.at, place.id)));
    Ok(Hits { items: ranked.into_iter().map(|(_, place)| place).collect(), is_cut })
}

/// Returns the search that finds something where misspelt words are put right; none if every
/// word is known, or nothing alike is.
pub fn suggestion(
    tx: &Transaction<'_>,
    words: &str,
    among: &Listing,
) -> Result<Option<String>, StoreError> {
    let mut meant = Vec::new();
    let mut put_right = Vec::new();
    for typed in text::typed_words(words) {
        let is_known = sought(tx, &text::wanted(&typed))?.is_some();
        let better = if is_known { None } else { nearest(tx, &typed)? };
        match better {
            Some(word) => {
                put_right.push(word.clone());
                meant.push(word);
            }
            None if is_known => meant.push(typed),
            None => return Ok(None),
        }
    }
    let hits = search(tx, &meant.join(" "), among)?;
    let Some(first) = hits.items.first().filter(|_| !put_right.is_empty()) else { return Ok(None) };
    let Some(item) = get(tx, first.id)? else { return Ok(None) };
    // The index knows words without capitals and dots; the item shows how it is written.
    let told = format!("{} {} {}", item.title, item.summary, item.text);
    for word in &mut meant {
        if put_right.contains(word)
            && let Some(spelt) = text::spelt(&told, word)
        {
            *word = spelt.to_owned();
        }
    }
    Ok(Some(meant.join(" ")))
}

/// Keeps the words of a text, so that compounds with a word and what is spelt like it are found.
pub(super) fn keep_words(tx: &Transaction<'_>, searchable: &str) -> Result<(), StoreError> {
    const KEEP: &str = "
        insert into search_words (word) select value from json_each(?1) where true
        on conflict (word) do nothing";
    tx.run(KEEP, [crate::store::row::to_json(&text::kept_words(searchable))?])?;
    Ok(())
}

struct Hit {
    id: ItemId,
    title: String,
    at: crate::model::Timestamp,
}

fn matching(
    tx: &Transaction<'_>,
    expression: &str,
    among: &Listing,
) -> Result<Vec<Hit>, StoreError> {
    // By number instead of by time: the index of words is read from its end, and no further than needed.
    let sql = format!(
        "select items.id, items.title, {moment} as at from item_words join items on items.id = item_words.rowid
        where item_words match :search and {filter} order by item_words.rowid desc limit {MOST_HITS}",
        moment = listing::MOMENT,
        filter = listing::filter(),
    );
    let params = named_params! {
        ":search": expression,
        ":topic": among.topic,
        ":with_topic": among.with_topic,
        ":source": among.source,
        ":since": among.since,
        ":with_hidden": among.with_hidden,
    };
    tx.all(&sql, params, |row| {
        Ok(Hit { id: row.get("id")?, title: row.get("title")?, at: row.get("at")? })
    })
}

/// A search as FTS5 takes it.
struct Sought {
    /// Each word, be it in a compound.
    any: String,
    /// Each word as such; none if one stands in compounds only.
    exact: Option<String>,
}

/// Returns for each word the words of the index that it stands for. None if there is no word,
/// or one that the index does not know.
fn sought(tx: &Transaction<'_>, wanted: &[Wanted]) -> Result<Option<Sought>, StoreError> {
    let (mut any, mut exact) = (Vec::new(), Vec::new());
    for wanted in wanted {
        let terms = match wanted {
            Wanted::Whole(words) => {
                known(tx, words)?.into_iter().map(|word| (Fit::Word, word)).collect()
            }
            Wanted::Holding(parts) => holding(tx, wanted, parts)?,
        };
        if terms.is_empty() {
            return Ok(None);
        }
        let either = |least: Fit| {
            let terms = terms.iter().filter(|(fit, _)| *fit >= least);
            terms.map(|(_, term)| format!("\"{term}\"")).collect::<Vec<_>>().join(" OR ")
        };
        any.push(format!("({})", either(Fit::Compound)));
        exact.push(either(Fit::Word));
    }
    if any.is_empty() {
        return Ok(None);
    }
    let has_all = exact.iter().all(|words| !words.is_empty());
    let exact: Vec<String> = exact.iter().map(|words| format!("({words})")).collect();
    Ok(Some(Sought { any: any.join(" AND "), exact: has_all.then(|| exact.join(" AND ")) }))
}

/// Returns the words of the index that hold a part, and how they fit; the shortest first, since
/// those stand in most items.
fn holding(
    tx: &Transaction<'_>,
    wanted: &Wanted,
    parts: &[String],
) -> Result<Vec<(Fit, String)>, StoreError> {
    const HOLDING: &str = "
        select word from search_parts where search_parts match ?1 limit 10000";
    let mut terms: Vec<(Fit, String)> = Vec::new();
    for part in parts {
        let words: Vec<String> = tx.all(HOLDING, [format!("\"{part}\"")], column)?;
        terms.extend(words.into_iter().filter_map(|word| Some((wanted.fit(&word)?, word))));
    }
    terms.sort_by(|(fit, word), (other_fit, other)| {
        other_fit.cmp(fit).then(word.len().cmp(&other.len())).then(word.cmp(other))
    });
    terms.dedup();
    terms.truncate(MOST_WORDS);
    Ok(terms)
}

/// Returns those of the words that the index has.
fn known(tx: &Transaction<'_>, words: &[String]) -> Result<Vec<String>, StoreError> {
    let mut known = Vec::new();
    for word in words {
        if frequency(tx, word)? > 0 {
            known.push(word.clone());
        }
    }
    Ok(known)
}

/// Returns how many items have a word.
fn frequency(tx: &Transaction<'_>, word: &str) -> Result<i64, StoreError> {
    const FREQUENCY: &str = "select doc from item_terms where term = ?1";
    Ok(tx.one(FREQUENCY, [word], column)?.unwrap_or(0))
}

/// Returns the word of the index that is spelt most like a word; of several the one that most
/// items have.
fn nearest(tx: &Transaction<'_>, typed: &str) -> Result<Option<String>, StoreError> {
    const ALIKE: &str = "
        select word from (select word from search_parts where search_parts match ?1 limit ?2)
        where length(word) between ?3 and ?4";
    let typed = text::searchable(&typed.replace('-', ""));
    let (pieces, allowed) = text::sound_pieces(&typed);
    let (shortest, longest) = (typed.len().saturating_sub(allowed), typed.len() + allowed);
    let mut alike: Vec<(usize, String)> = Vec::new();
    for piece in pieces {
        let piece = format!("\"{piece}\"");
        let words: Vec<String> = tx.all(
            ALIKE,
            (piece, crate::store::row::count(MOST_COMPARED), shortest, longest),
            column,
        )?;
        alike.extend(words.into_iter().map(|word| (strsim::osa_distance(&typed, &word), word)));
    }
    alike.retain(|(distance, _)| *distance <= allowed);
    let Some(least) = alike.iter().map(|(distance, _)| *distance).min() else { return Ok(None) };
    let mut best: Option<(i64, String)> = None;
    for (_, word) in alike.into_iter().filter(|(distance, _)| *distance == least) {
        let frequency = frequency(tx, &word)?;
        // A word that is in the table but in no item any more finds nothing.
        if frequency > best.as_ref().map_or(0, |(most, _)| *most) {
            best = Some((frequency, word));
        }
    }
    Ok(best.map(|(_, word)| word))
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

    /// Stores items of which only the words count, each newer than the one before.
    fn store(tx: &Transaction<'_>, titles: &[&str]) {
        tx.execute_batch(
            "delete from items; delete from item_words;
             insert or ignore into sources (id, name, rank) values ('a', 'A', 1)",
        )
        .unwrap();
        for (id, title) in (1_i64..).zip(titles) {
            tx.execute(
                "insert into items (id, source, key, raw_hash, fingerprint, story, first_seen,
                    published_is_guess, title, summary, text)
                 values (?1, 'a', ?1, 1, x'01', ?1, ?1, 0, ?2, '', ?2)",
                (id, title),
            )
            .unwrap();
            let words = searchable(title);
            tx.execute("insert into item_words (rowid, words) values (?1, ?2)", (id, &words))
                .unwrap();
            keep_words(tx, &words).unwrap();
        }
    }

    fn with_store(test: impl FnOnce(&Transaction<'_>)) {
        let mut connection = Connection::open_in_memory().unwrap();
        crate::store::migrate::migrate(&mut connection, "memory").unwrap();
        test(&connection.transaction().unwrap());
    }

    fn found(tx: &Transaction<'_>, words: &str) -> Vec<i64> {
        let hits = search(tx, words, &Listing::default()).unwrap();
        hits.items.iter().map(|place| place.id.0).collect()
    }

    #[test]
    fn sixty_searches_find_what_they_must_and_nothing_else() {
        with_store(|tx| {
            let mut wrong = Vec::new();
            for (search, must, must_not) in CASES {
                store(tx, &[must, must_not]);
                let ids = found(tx, search);
                if ids != [1] {
                    wrong.push(format!("`{search}` in `{must}`, not in `{must_not}`: {ids:?}"));
                }
            }
            assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        });
    }

    #[test]
    fn what_fits_best_comes_first_and_of_that_the_newest() {
        with_store(|tx| {
            store(tx, &["Das Portal", "Ein Serviceportal", "Portale", "Etwas", "Anderes"]);
            for (id, text) in [(4, "Etwas über ein Portal"), (5, "Etwas über ein Serviceportal")]
            {
                let words = searchable(text);
                tx.execute("update item_words set words = ?2 where rowid = ?1", (id, words))
                    .unwrap();
            }
            // In the title as such, in the title in a compound, elsewhere as such, elsewhere.
            assert_eq!(found(tx, "Portal"), [3, 1, 2, 4, 5]);
        });
    }

    #[test]
    fn a_misspelt_search_is_put_right_as_its_items_spell_it() {
        with_store(|tx| {
            store(tx, &["Das Bürgerkonto startet", "Die Digitalisierung der Stadt", "KI im Amt"]);
            for (typed, meant) in [
                ("Bürgerkotno", Some("Bürgerkonto")),
                ("burgerkonto", Some("Bürgerkonto")),
                ("Digitalisirung Stadt", Some("Digitalisierung Stadt")),
                ("Digitalisirung", Some("Digitalisierung")),
                // Known words that never stand together are no misspelling.
                ("Bürgerkonto Stadt", None),
                ("xyzabcdef", None),
                // Where the words together find nothing there is nothing to propose.
                ("Bürgerkotno Stadt", None),
                ("", None),
            ] {
                let suggestion = suggestion(tx, typed, &Listing::default()).unwrap();
                assert_eq!(suggestion.as_deref(), meant, "{typed}");
            }
        });
    }

    #[test]
    fn parts_of_words_are_found_by_their_index() {
        with_store(|tx| {
            let plan: Vec<String> = tx
                .all(
                    "explain query plan select word from search_parts where search_parts match 'x'",
                    [],
                    |row| row.get("detail"),
                )
                .unwrap();
            assert!(plan[0].contains("VIRTUAL TABLE INDEX"), "{plan:?}");
        });
    }
}
