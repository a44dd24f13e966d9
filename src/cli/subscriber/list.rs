//! `subscriber export` and `subscriber import`: people in and out, as CSV.

use std::borrow::Cow;
use std::path::Path;

use serde_json::json;

use crate::cli::output::json_time;
use crate::cli::progress::Progress;
use crate::cli::{Exit, Session, UsageError, input, named};
use crate::model::{SeriesId, Standing, TopicId, suggestion};
use crate::pipeline::{self, Listed, Outcome};
use crate::store::subscribers;
use crate::subscriber::address;
use crate::topic;

/// More is no list of the readers of towns.
const MOST: u64 = 64 << 20;
/// What a list must have; the first columns of an exported one.
const NEEDED: [&str; 4] = ["address", "series", "topics", "reason"];
/// What an exported one has besides. `state` and `keywords` (one a line) are looked at, the
/// others are ours to say.
const MORE: [&str; 6] = ["state", "origin", "since", "requested_at", "confirmed_at", "keywords"];

/// Prints everyone who has an address, with the columns that `import` reads first.
pub(super) async fn export(session: &Session) -> anyhow::Result<Exit> {
    let everyone = session.ctx.store.read(subscribers::list).await?;
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(NEEDED.iter().chain(&MORE))?;
    for s in everyone.iter().filter(|s| s.standing != Standing::Left) {
        let (since, asked) = (s.since.rfc3339(), s.consent.requested_at.rfc3339());
        if session.output.json {
            session.output.object(&json!({
                "address": s.address, "series": s.series, "topics": s.topics,
                "reason": s.consent.reason, "state": s.standing.as_str(),
                "origin": s.consent.origin, "since": since, "requested_at": asked,
                "confirmed_at": json_time(s.consent.confirmed_at),
                "keywords": s.keywords,
            }))?;
            continue;
        }
        let series: Vec<&str> = s.series.iter().map(SeriesId::as_str).collect();
        let topics: Vec<&str> = s.topics.iter().map(TopicId::as_str).collect();
        let confirmed = s.consent.confirmed_at.map(crate::model::Timestamp::rfc3339);
        let cells = [
            s.address.as_str(),
            &series.join(","),
            &topics.join(","),
            &s.consent.reason,
            s.standing.as_str(),
            &s.consent.origin,
            &since,
            &asked,
            confirmed.as_deref().unwrap_or_default(),
            &s.keywords.join("\n"),
        ];
        writer.write_record(cells.map(no_formula).iter().map(AsRef::as_ref))?;
    }
    if !session.output.json {
        session.output.bytes(&writer.into_inner()?)?;
    }
    Ok(Exit::Done)
}

/// Returns whether a spreadsheet would take a cell for a formula.
fn is_formula(cell: &str) -> bool {
    cell.starts_with(['=', '+', '-', '@', '\t', '\r'])
}

/// Returns the cell so that a spreadsheet takes it for text: strangers choose addresses.
fn no_formula(cell: &str) -> Cow<'_, str> {
    if is_formula(cell) { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}

/// Returns the cell as it was before [`no_formula`].
fn as_written(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| is_formula(rest)).unwrap_or(cell)
}

/// A line of the list, and what is wrong with it.
type Problem = (u64, String);
/// A line of the list, and who stands there.
type Good = (u64, Listed);

/// What may be named in a list.
struct Known<'a> {
    series: Vec<&'a str>,
    topics: Vec<&'a str>,
}

pub(super) async fn import(session: &Session, file: &Path) -> anyhow::Result<Exit> {
    let (bytes, is_cut) = input::read(file, MOST)?;
    let name = file.display();
    if is_cut {
        return Err(UsageError::new(format!("`{name}` is longer than 64 MiB")).into());
    }
    let plan = &session.plan;
    let known = Known {
        series: plan.series.iter().map(|plan| plan.series.id.as_str()).collect(),
        topics: plan.topics.iter().map(|(topic, _)| topic.as_str()).collect(),
    };
    let (good, mut problems) = read(&bytes, &known)
        .map_err(|(line, message)| UsageError::new(format!("{name}:{line}: {message}")))?;
    let (lines, list): (Vec<u64>, Vec<Listed>) = good.into_iter().unzip();
    let progress = Progress::of(&session.output, "reading the list in");
    let outcomes = pipeline::import(&session.ctx, list).await?;
    drop(progress);
    let output = &session.output;
    let (mut added, mut known) = (0, Vec::new());
    for (line, outcome) in lines.into_iter().zip(outcomes) {
        let day = |at| output.time(Some(at));
        match outcome {
            Outcome::Added(_) => added += 1,
            Outcome::Known(standing) => {
                known.push((line, format!("subscribed already ({})", standing.as_str())));
            }
            Outcome::Left(at) => problems.push((line, not_back("left", &day(at)))),
            Outcome::Forgotten(at) => {
                problems.push((line, not_back("asked to be forgotten", &day(at))));
            }
        }
    }
    problems.sort_by_key(|(line, _)| *line);
    let refused = problems.chunk_by(|one, next| one.0 == next.0).count();
    let told = problems.iter().map(|one| (one, "refused"));
    for ((line, message), outcome) in told.chain(known.iter().map(|one| (one, "known"))) {
        if output.json {
            output.object(&json!({
                "file": name.to_string(), "line": line, "outcome": outcome, "message": message,
            }))?;
        } else if outcome == "refused" {
            eprintln!("{}", crate::text::harmless_line(&format!("{name}:{line}: {message}")));
        } else {
            output.say(&format!("{name}:{line}: {message}, left as it is"));
        }
    }
    if output.json {
        output.object(&json!({
            "added": added, "known": known.len(), "refused": refused,
        }))?;
    } else {
        output.line(&format!(
            "{added} added, {} subscribed already, {refused} refused",
            known.len()
        ))?;
    }
    Ok(if problems.is_empty() { Exit::Done } else { Exit::Failure })
}

fn not_back(what: &str, at: &str) -> String {
    format!(
        "{what} on {at}; a list does not bring them back, `amtsbote subscriber add` does on a new consent"
    )
}

/// Reads a list: the good rows, and what is wrong with the others. The error is
/// that of a file which is no such list.
fn read(bytes: &[u8], known: &Known<'_>) -> Result<(Vec<Good>, Vec<Problem>), Problem> {
    // Spreadsheets put this mark in front, and in Germany semicolons between.
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let head = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let delimiter = if head.contains(&b';') && !head.contains(&b',') { b';' } else { b',' };
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(bytes);
    let head = reader.byte_headers().map_err(|error| (1, error.to_string()))?.clone();
    let columns = columns(&head).map_err(|message| (1, message))?;
    let (mut good, mut problems) = (Vec::new(), Vec::new());
    for record in reader.byte_records() {
        let record = record.map_err(|error| (1, error.to_string()))?;
        let line = record.position().map_or(0, csv::Position::line);
        match row(&record, &columns, known) {
            Ok(listed) => good.push((line, listed)),
            Err(wrong) => problems.extend(wrong.into_iter().map(|message| (line, message))),
        }
    }
    Ok((good, problems))
}

fn columns(head: &csv::ByteRecord) -> Result<Vec<String>, String> {
    let names: Vec<String> =
        head.iter().map(|name| String::from_utf8_lossy(name).to_lowercase()).collect();
    for needed in NEEDED {
        if !names.iter().any(|name| name == needed) {
            let wanted = NEEDED.join(",");
            return Err(format!("the header row lacks `{needed}`; it must name {wanted}"));
        }
    }
    let all: Vec<&str> = NEEDED.iter().chain(&MORE).copied().collect();
    match names.iter().find(|name| !all.contains(&name.as_str())) {
        Some(name) => Err(format!("unknown column `{name}`{}", suggestion(name, &all))),
        None => Ok(names),
    }
}

/// Returns whom the row names. Fails with everything that is wrong with it.
fn row(
    record: &csv::ByteRecord,
    columns: &[String],
    known: &Known<'_>,
) -> Result<Listed, Vec<String>> {
    if record.len() != columns.len() {
        return Err(vec![format!(
            "{} fields where the header has {}",
            record.len(),
            columns.len()
        )]);
    }
    let mut wrong = Vec::new();
    let mut cell = |name: &str| {
        let place = columns.iter().position(|column| column == name);
        let bytes = place.and_then(|place| record.get(place)).unwrap_or_default();
        let text = String::from_utf8(bytes.to_vec());
        let Ok(text) = text else {
            wrong.push(format!("`{name}` is not UTF-8"));
            return String::new();
        };
        as_written(&text).to_owned()
    };
    let [text, series, topics, reason] = NEEDED.map(&mut cell);
    let (state, words) = (cell("state"), cell("keywords"));
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let address = address::parse(&text).unwrap_or_else(|_| {
        wrong.push(named::no_address(&text).message);
        String::new()
    });
    let series = names(&series, "series", &known.series, &mut wrong);
    let topics = names(&topics, "topic", &known.topics, &mut wrong);
    if series.is_empty() && wrong.is_empty() {
        wrong.push("no series".to_owned());
    }
    let keywords = topic::keywords(&words).unwrap_or_else(|message| {
        wrong.push(format!("keywords: {message}"));
        Vec::new()
    });
    if reason.is_empty() {
        wrong.push("no reason: it must say how they gave their consent".to_owned());
    }
    if !matches!(state.as_str(), "" | "active") {
        wrong
            .push(format!("`{state}` is not `active`: they did not consent, or cannot be reached"));
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    Ok(Listed {
        address,
        series: series.iter().map(|name| SeriesId::new(*name)).collect(),
        topics: topics.iter().map(|name| TopicId::new(*name)).collect(),
        keywords,
        reason,
    })
}

/// Returns the names in a cell, with commas, semicolons or spaces between.
fn names<'a>(text: &'a str, what: &str, known: &[&str], wrong: &mut Vec<String>) -> Vec<&'a str> {
    let names: Vec<&str> =
        text.split([',', ';', ' ']).map(str::trim).filter(|name| !name.is_empty()).collect();
    for name in names.iter().filter(|name| !known.contains(*name)) {
        wrong.push(format!("there is no {what} `{name}`{}", suggestion(name, known)));
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Known<'static> {
        Known { series: vec!["taeglich", "wochen"], topics: vec!["ozg", "cloud"] }
    }

    #[test]
    fn every_problem_of_a_list_has_its_line_and_good_rows_stay_good() {
        let text = "address,series,topics,reason\n\
            a@stadt.test,taeglich,\"ozg,cloud\",Formular\n\
            kein-at,taglich,,\n\
            b@stadt.test,taeglich\n\
            c@stadt.test,,ozg,\"zwei\nZeilen\"\n\
            d@stadt.test,wochen,,Liste\n";
        let (good, problems) = read(text.as_bytes(), &known()).unwrap();
        let lines: Vec<u64> = good.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [2, 7]);
        assert_eq!(good[0].1.topics.len(), 2);
        let shown: Vec<String> =
            problems.iter().map(|(line, message)| format!("{line}: {message}")).collect();
        assert_eq!(
            shown,
            [
                "3: `kein-at` is no mail address such as `name@gemeinde.de`",
                "3: there is no series `taglich`, did you mean `taeglich`?",
                "3: no reason: it must say how they gave their consent",
                "4: 2 fields where the header has 4",
                "5: no series",
            ]
        );
    }

    #[test]
    fn a_list_of_a_german_spreadsheet_is_read_in_any_order_of_columns() {
        let text = "\u{feff}Reason;Address;Topics;Series;state\r\nBrief; a@stadt.test ;ozg cloud;taeglich;active\r\nBrief;b@stadt.test;;taeglich;pending\r\n";
        let (good, problems) = read(text.as_bytes(), &known()).unwrap();
        assert_eq!(good[0].1.address, "a@stadt.test");
        assert_eq!(good[0].1.topics.len(), 2);
        assert!(problems[0].1.contains("`pending` is not `active`"), "{problems:?}");
    }

    #[test]
    fn no_cell_is_a_formula_and_each_reads_back_as_it_was() {
        for cell in ["=1+1@stadt.test", "+49 391 1", "-1", "@x", "\tx", "'=x", "'s Gravenhage", "a"]
        {
            let written = no_formula(cell);
            assert!(!is_formula(&written), "{written}");
            // Whoever wrote the quotation mark before a formula wanted what we want.
            let same = if cell == "'=x" { "=x" } else { cell };
            assert_eq!(as_written(&written), same);
        }
    }

    #[test]
    fn what_is_no_such_list_is_refused_whole() {
        let refused = |text: &[u8]| read(text, &known()).unwrap_err().1;
        assert!(refused(b"address,series,reason\n").contains("lacks `topics`"));
        assert!(refused(b"address,series,topics,reason,sate\n").contains("did you mean `state`?"));
        assert!(refused(b"").contains("lacks `address`"));
        let (_, problems) =
            read(b"address,series,topics,reason\na@stadt.test,taeglich,,Stra\xdfe\n", &known())
                .unwrap();
        assert_eq!(problems, [(2, "`reason` is not UTF-8".to_owned())]);
    }
}
