//! `[[source]]`: what any source has; the rest is its kind's.

use chrono_tz::Tz;
use secrecy::ExposeSecret as _;

use super::{Context, FetchSettings, fetch, optional_text, secrets, service, take_id, web_url};
use crate::model::{
    Access, BasicAuth, Content, Detail, DetailPolicy, IdentityPolicy, Initial, Reader, SourceId,
    SourceSettings, Table, TopicId, TopicRules, suggestion,
};
use crate::source::{Configured, KINDS};

/// The sources that the service is for: switched off, they are missed.
const CORE: [&str; 6] =
    ["sgsa", "kitu", "ozg-portal", "ozg-newsletter", "landesportal", "presse-st"];

pub(super) fn read(
    root: &mut Reader<'_>,
    context: &mut Context<'_>,
    defaults: &FetchSettings,
    topics: Option<&[TopicRules]>,
    zone: Tz,
) -> Vec<Configured> {
    let mut taken = Vec::new();
    root.tables("source")
        .into_iter()
        .filter_map(|table| {
            let mut reader = root.inner(table, "source");
            let id = take_id(&mut reader, "source", &mut taken);
            // Even a row without an id is read to its end, so that all its problems show.
            let usable = id.is_some();
            let id = SourceId::new(id.unwrap_or_default());
            let source = one(&mut reader, context, defaults, topics, zone, id);
            reader.finish();
            source.filter(|_| usable)
        })
        .collect()
}

fn one(
    reader: &mut Reader<'_>,
    context: &mut Context<'_>,
    defaults: &FetchSettings,
    topics: Option<&[TopicRules]>,
    zone: Tz,
    id: SourceId,
) -> Option<Configured> {
    let name = optional_text(reader, "name").unwrap_or_else(|| id.to_string());
    let names: Vec<&'static str> = KINDS.iter().map(|kind| kind.name).collect();
    let kind = if reader.has("kind") {
        reader.choice("kind", &names)
    } else {
        reader.required_text("kind");
        None
    };
    let kind = kind.and_then(|name| KINDS.iter().find(|kind| kind.name == name));
    let url = reader.required_text("url").unwrap_or_default();
    if !url.is_empty() {
        web_url(reader, "url", &url);
    }
    let enabled = reader.boolean("enabled").unwrap_or(true);
    let remark = optional_text(reader, "remark");
    if !enabled && CORE.contains(&id.as_str()) {
        let place = reader.place_of("enabled").clone();
        let why = remark.as_deref().map(|remark| format!(": {remark}")).unwrap_or_default();
        let path = format!("source.{id}.enabled");
        context.warn(
            Some(place),
            &path,
            format!("a source that readers count on is switched off{why}"),
        );
    }
    let interval = reader.duration("interval").unwrap_or(defaults.interval);
    if interval < defaults.min_interval {
        let place = reader.place_of("interval").clone();
        let message = "shorter than `fetch.min_interval`, which bounds it";
        context.warn(Some(place), &format!("source.{id}.interval"), message);
    }
    let rank = reader.integer("rank", 1..=3).and_then(|rank| u8::try_from(rank).ok()).unwrap_or(3);
    let settings = SourceSettings {
        name,
        url,
        kind: kind.map_or("", |kind| kind.name),
        enabled,
        interval,
        rank,
        topics: topic_ids(reader, topics),
        initial: initial(reader),
        identity: identity(reader),
        timezone: service::timezone(reader).unwrap_or(zone),
        aliases: aliases(reader),
        detail: detail(reader),
        access: access(reader, context, defaults),
        remark,
        id,
    };
    let Some(kind) = kind else {
        // Nobody knows which other keys are right.
        return None;
    };
    let source = (kind.build)(reader, &settings)?;
    Some(Configured { settings, source })
}

fn topic_ids(reader: &mut Reader<'_>, topics: Option<&[TopicRules]>) -> Vec<TopicId> {
    let given = reader.texts("topics").unwrap_or_default();
    if let Some(topics) = topics {
        let known: Vec<&str> =
            topics.iter().filter_map(|topic| topic.id.as_ref()).map(TopicId::as_str).collect();
        for (id, place) in &given {
            if !known.contains(&id.as_str()) {
                let message = format!("there is no topic `{id}`{}", suggestion(id, &known));
                reader.problem_at(place.clone(), "topics", message);
            }
        }
    }
    given.into_iter().map(|(id, _)| TopicId::new(id)).collect()
}

fn initial(reader: &mut Reader<'_>) -> Initial {
    let Some(text) = reader.text("initial") else { return Initial::None };
    match text.as_str() {
        "none" => Initial::None,
        "all" => Initial::All,
        number => number.parse().map_or_else(
            |_| {
                reader.problem(
                    "initial",
                    format!("`{number}` is neither `none` nor `all` nor a number such as `10`"),
                );
                Initial::None
            },
            Initial::Newest,
        ),
    }
}

fn identity(reader: &mut Reader<'_>) -> IdentityPolicy {
    match reader.choice("identity", &["auto", "guid", "link", "content"]) {
        Some("guid") => IdentityPolicy::Guid,
        Some("link") => IdentityPolicy::Link,
        Some("content") => IdentityPolicy::Content,
        _ => IdentityPolicy::Auto,
    }
}

fn aliases(reader: &mut Reader<'_>) -> Vec<String> {
    let mut aliases = Vec::new();
    for (text, place) in reader.texts("aliases").unwrap_or_default() {
        let host = text.trim().to_ascii_lowercase();
        if host.is_empty() || host.contains(|c: char| c.is_whitespace() || "/:@".contains(c)) {
            let message = format!("`{text}` is no host name such as `www.example.de`");
            reader.problem_at(place, "aliases", message);
        } else {
            aliases.push(host);
        }
    }
    aliases
}

fn detail(reader: &mut Reader<'_>) -> DetailPolicy {
    if matches!(
        reader.table_itself().get("detail").map(|value| &value.content),
        Some(Content::Text(_))
    ) {
        return match reader.choice("detail", &["auto", "never"]) {
            Some("never") => DetailPolicy::Never,
            _ => DetailPolicy::Auto,
        };
    }
    let Some(table) = reader.table("detail") else { return DetailPolicy::Auto };
    let mut reader = reader.inner(table, "detail");
    let detail = Detail {
        text: optional_text(&mut reader, "text"),
        date: optional_text(&mut reader, "date"),
        title: optional_text(&mut reader, "title"),
    };
    if detail == Detail::default() {
        reader.problem("", "names no selector; write for example `text = \".news-text\"`");
    }
    for (key, message) in crate::source::page::check_detail(&detail) {
        reader.problem(key, message);
    }
    reader.finish();
    DetailPolicy::Selectors(detail)
}

fn access(reader: &mut Reader<'_>, context: &mut Context<'_>, defaults: &FetchSettings) -> Access {
    let proxy = match fetch::proxy(reader) {
        fetch::Proxy::Unsaid => defaults.proxy.clone(),
        fetch::Proxy::None => None,
        fetch::Proxy::Url(url) => Some(url),
    };
    let user = optional_text(reader, "user");
    let password = secrets::from_file(reader, context, "password_file");
    let basic_auth = match (user, password) {
        (Some(user), Some(password)) => {
            Some(BasicAuth { user, password: password.expose_secret().to_owned() })
        }
        (Some(_), None) if optional_text(reader, "password_file").is_none() => {
            reader.problem("user", "no password: name a `password_file`");
            None
        }
        (None, Some(_)) => {
            reader.problem("password_file", "no `user` to go with it");
            None
        }
        _ => None,
    };
    let certificates = optional_text(reader, "ca_file").and_then(|text| {
        let path = context.path(&text);
        context
            .files
            .read(&path)
            .map_err(|error| {
                reader.problem("ca_file", format!("cannot read `{}`: {error}", path.display()));
            })
            .ok()
    });
    let headers = reader.table("headers").map(|table| headers(reader, table)).unwrap_or_default();
    let user_agent = fetch::user_agent(reader);
    Access { user_agent, headers, basic_auth, proxy, certificates }
}

fn headers(reader: &mut Reader<'_>, table: &Table) -> Vec<(String, String)> {
    let mut headers = Vec::new();
    for (name, place, value) in &table.entries {
        let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        let fault = match &value.content {
            _ if !name.bytes().all(token) || name.is_empty() => "is no name of a header field",
            _ if ["authorization", "host", "content-length", "proxy-authorization"]
                .contains(&name.to_ascii_lowercase().as_str()) =>
            {
                "cannot be set here (for a password write `user` and `password_file`)"
            }
            Content::Text(text) if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) => {
                headers.push((name.clone(), text.clone()));
                continue;
            }
            _ => "must be printable ASCII text",
        };
        reader.problem_at(place.clone(), "headers", format!("`{name}` {fault}"));
    }
    headers
}
