//! `[[source]]`: what any source has; the rest is its kind's.

use super::checks::take_id;
use super::{FetchSettings, ServiceSettings};
use crate::model::settings::Settings as _;
use crate::model::{
    Content, DetailPolicy, Reader, SourceSettings, TopicId, TopicRules, suggestion,
};
use crate::source::page::check_detail;
use crate::source::{Configured, KINDS};
use crate::topic::Tagger;

/// The sources that the service is for: switched off, they are missed.
const CORE: [&str; 6] =
    ["sgsa", "kitu", "ozg-portal", "ozg-newsletter", "landesportal", "presse-st"];

pub(super) fn read(
    root: &mut Reader<'_>,
    service: &ServiceSettings,
    fetch: &FetchSettings,
    topics: Option<&[TopicRules]>,
) -> Vec<Configured> {
    let mut taken = Vec::new();
    root.tables("source")
        .into_iter()
        .filter_map(|table| {
            let mut reader = root.inner(table, "source");
            // Even a row without an id is read to its end, so that all its problems show.
            let id = take_id(&mut reader, "source", &mut taken);
            let source = one(&mut reader, service, fetch, topics);
            reader.finish();
            source.filter(|_| id.is_some())
        })
        .collect()
}

fn one(
    reader: &mut Reader<'_>,
    service: &ServiceSettings,
    fetch: &FetchSettings,
    topics: Option<&[TopicRules]>,
) -> Option<Configured> {
    let mut settings = SourceSettings::read(reader)?;
    inherit(&mut settings, reader, service, fetch);
    check(&settings, reader, fetch, topics);
    let names: Vec<&'static str> = KINDS.iter().map(|kind| kind.name).collect();
    let kind = reader.choice("kind", &names)?;
    let kind = KINDS.iter().find(|known| known.name == kind)?;
    for other in KINDS.iter().filter(|other| other.name != kind.name) {
        if reader.value(other.name).is_some() {
            reader.problem(other.name, format!(
                "`[source.{name}]` belongs to a source of `kind = \"{name}\"`; this one is of kind `{}`",
                kind.name, name = other.name
            ));
        }
    }
    let source = (kind.build)(reader, &settings)?;
    let only = only(reader, &settings, topics);
    Some(Configured { settings, source, only })
}

/// Returns the terms of `only` as rules of a topic whose every hit counts. Reports terms that
/// cannot be read.
fn only(
    reader: &mut Reader<'_>,
    settings: &SourceSettings,
    topics: Option<&[TopicRules]>,
) -> Option<TopicRules> {
    if settings.only.is_empty() {
        return None;
    }
    let words = topics.and_then(<[_]>::first).map(|topic| topic.words.clone());
    let rules = TopicRules {
        id: Some(TopicId::new("only")),
        // A hit far down counts half of three.
        threshold: 1.0,
        strong: settings.only.clone(),
        words: words.unwrap_or_default(),
        ..TopicRules::default()
    };
    let places = reader.texts("only").unwrap_or_default();
    let problems = Tagger::new(std::slice::from_ref(&rules)).err().unwrap_or_default();
    for problem in problems {
        if let Some((_, place)) = places.get(problem.term) {
            reader.problem_at(place.clone(), "only", problem.message);
        }
    }
    Some(rules)
}

/// Fills in what other tables say where this one says nothing.
fn inherit(
    settings: &mut SourceSettings,
    reader: &Reader<'_>,
    service: &ServiceSettings,
    fetch: &FetchSettings,
) {
    if settings.name.trim().is_empty() {
        settings.name = settings.id.to_string();
    }
    if !reader.has("interval") {
        settings.interval = fetch.interval;
    }
    if !reader.has("timezone") {
        settings.timezone = service.timezone;
    }
    if !reader.has("proxy") {
        settings.access.proxy.clone_from(&fetch.proxy);
    }
    for alias in &mut settings.aliases {
        *alias = alias.trim().to_ascii_lowercase();
    }
}

/// Compares the keys of a source with each other and with other tables.
fn check(
    settings: &SourceSettings,
    reader: &mut Reader<'_>,
    fetch: &FetchSettings,
    topics: Option<&[TopicRules]>,
) {
    if !settings.enabled && CORE.contains(&settings.id.as_str()) {
        let why = settings.remark.as_deref().map(|remark| format!(": {remark}"));
        let why = why.unwrap_or_default();
        reader.warn("enabled", format!("a source that readers count on is switched off{why}"));
    }
    if settings.interval < fetch.min_interval {
        reader.warn("interval", "shorter than `fetch.min_interval`, which bounds it");
    }
    if let (DetailPolicy::Selectors(detail), Some(value)) =
        (&settings.detail, reader.value("detail"))
        && let Content::Table(table) = &value.content
    {
        let mut reader = reader.inner(table, "detail");
        for (key, message) in check_detail(detail) {
            reader.problem(key, message);
        }
    }
    match (&settings.access.user, &settings.access.password_file.value) {
        (Some(_), None) if settings.access.password_file.file.is_none() => {
            reader.problem("user", "no password: name a `password_file`");
        }
        (None, Some(_)) => reader.problem("password_file", "no `user` to go with it"),
        _ => {}
    }
    let Some(topics) = topics else { return };
    let known: Vec<&str> =
        topics.iter().filter_map(|topic| topic.id.as_ref()).map(TopicId::as_str).collect();
    for (id, place) in reader.texts("topics").unwrap_or_default() {
        if !known.contains(&id.as_str()) {
            let message = format!("there is no topic `{id}`{}", suggestion(&id, &known));
            reader.problem_at(place, "topics", message);
        }
    }
}
