//! `source`: list, show, test, read, release, etiquette.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::output::{cut, json_time};
use super::{Exit, Global, Output, Session, UsageError, session};
use crate::config;
use crate::daemon;
use crate::extract;
use crate::fetch::Fetch;
use crate::model::{
    Condition, Date, Extraction, Headers, Method, Request, Response, SourceId, SourceState,
    Timestamp,
};
use crate::normalize;
use crate::pipeline::{Plan, SourcePlan};
use crate::schedule::polling;
use crate::source::Configured;
use crate::source::page::discover;
use crate::store::sources::Requests;
use crate::store::{items, sources};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Every source and how it fares
    List,
    /// One source in full
    Show {
        /// Its id
        id: String,
    },
    /// Try a URL or a source without writing anything: kind, items, a block for sources.toml
    Test {
        /// A URL, or the id of a source
        what: String,
    },
    /// Read a feed file offline; needs no config
    Read {
        /// The file; `-` reads stdin
        file: PathBuf,
        /// Where it was found: the base of relative links
        #[arg(long)]
        url: Option<String>,
        /// The Content-Type it came with
        #[arg(long)]
        content_type: Option<String>,
    },
    /// Let the held items of a source be mailed
    Release {
        /// Its id
        id: String,
    },
    /// How we behave towards each source's server
    Etiquette,
}

pub(super) async fn run(global: &Global, command: Command) -> anyhow::Result<Exit> {
    match command {
        Command::Read { file, url, content_type } => {
            read(global, &file, url.as_deref(), content_type.as_deref())
        }
        Command::Test { what } => test(global, &what).await,
        Command::List => list(&Session::open(global)?).await,
        Command::Show { id } => show(&Session::open(global)?, &id).await,
        Command::Release { id } => release(&Session::open(global)?, &id).await,
        Command::Etiquette => etiquette(&Session::open(global)?).await,
    }
}

fn of_plan<'a>(plan: &'a Plan, id: &str) -> anyhow::Result<&'a SourcePlan> {
    plan.source(&SourceId::new(id)).map(AsRef::as_ref).ok_or_else(|| {
        let known: Vec<&str> =
            plan.sources.iter().map(|source| source.configured.settings.id.as_str()).collect();
        let hint = crate::model::suggestion(id, &known);
        UsageError::new(format!("there is no source `{id}`{hint}")).into()
    })
}

/// A source's settings, its state and how many items it has.
async fn states(session: &Session) -> anyhow::Result<Vec<(SourceState, u64)>> {
    let ids: Vec<(SourceId, bool)> = session
        .plan
        .sources
        .iter()
        .map(|source| &source.configured.settings)
        .map(|settings| (settings.id.clone(), settings.enabled))
        .collect();
    let states = session
        .ctx
        .store
        .read(move |tx| {
            let mut states = Vec::with_capacity(ids.len());
            for (id, enabled) in ids {
                let mut state = sources::state(tx, &id)?;
                if !enabled {
                    state.condition = Condition::Off;
                }
                states.push((state, items::count_of(tx, &id)?));
            }
            Ok(states)
        })
        .await?;
    Ok(states)
}

fn object(configured: &Configured, state: &SourceState, items: u64) -> Value {
    let settings = &configured.settings;
    let next_poll = (settings.enabled && state.condition != Condition::Gone)
        .then_some(state.next_poll)
        .filter(|at| *at > Timestamp::default());
    json!({
        "id": settings.id,
        "name": settings.name,
        "kind": settings.kind,
        "url": settings.url,
        "state": state.condition,
        "last_attempt": json_time(state.last_attempt),
        "last_success": json_time(state.last_success),
        "last_new_item": json_time(state.last_new_item),
        "next_poll": json_time(next_poll),
        "failures": state.failures,
        "last_error": state.last_error,
        "items": items,
        "remark": settings.remark,
    })
}

async fn list(session: &Session) -> anyhow::Result<Exit> {
    let states = states(session).await?;
    let output = &session.output;
    let mut rows = Vec::new();
    for (source, (state, items)) in session.plan.sources.iter().zip(&states) {
        let settings = &source.configured.settings;
        if output.json {
            output.object(&object(&source.configured, state, *items))?;
            continue;
        }
        let remark = state.last_error.as_deref().or(settings.remark.as_deref()).unwrap_or("");
        rows.push(vec![
            settings.id.to_string(),
            settings.kind.to_owned(),
            state.condition.to_string(),
            output.time(state.last_success),
            output.time(state.last_new_item),
            output.time(
                Some(state.next_poll).filter(|at| *at > Timestamp::default() && settings.enabled),
            ),
            items.to_string(),
            cut(remark, 80),
        ]);
    }
    if !output.json {
        rows.sort();
        output.table(
            &["ID", "KIND", "STATE", "LAST READ", "LAST NEW", "NEXT", "ITEMS", "REMARK"],
            &rows,
        )?;
    }
    Ok(Exit::Done)
}

async fn show(session: &Session, id: &str) -> anyhow::Result<Exit> {
    let plan = of_plan(&session.plan, id)?;
    let states = states(session).await?;
    let state = states.iter().find(|(state, _)| state.id.as_str() == id);
    let Some((state, items)) = state else { return Ok(Exit::Failure) };
    let value = object(&plan.configured, state, *items);
    if session.output.json {
        session.output.object(&value)?;
        return Ok(Exit::Done);
    }
    for (key, value) in value.as_object().into_iter().flatten() {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        session.output.line(&format!("{key:<14} {text}"))?;
    }
    Ok(Exit::Done)
}

async fn release(session: &Session, id: &str) -> anyhow::Result<Exit> {
    let id = of_plan(&session.plan, id)?.configured.settings.id.clone();
    let now = session.ctx.clock.now();
    let released = session
        .ctx
        .store
        .write(move |tx| {
            let mut state = sources::state(tx, &id)?;
            if state.condition == Condition::Held {
                state.condition = Condition::Ok;
                state.last_error = None;
                sources::settle(tx, &state)?;
            }
            items::release(tx, &id, now)
        })
        .await?;
    session.output.line(&format!("{released} items released; the next digest takes them"))?;
    Ok(Exit::Done)
}

/// Per host, since that is who is treated well or ill.
async fn etiquette(session: &Session) -> anyhow::Result<Exit> {
    let sources: Vec<(SourceId, String)> = session
        .plan
        .sources
        .iter()
        .map(|source| &source.configured.settings)
        .map(|settings| (settings.id.clone(), host(&settings.url)))
        .collect();
    let hosts = session
        .ctx
        .store
        .read(move |tx| {
            let mut hosts: BTreeMap<String, (usize, Requests)> = BTreeMap::new();
            for (id, host) in &sources {
                let (count, sum) = hosts.entry(host.clone()).or_default();
                *count += 1;
                *sum = sum.and(sources::requests(tx, id)?);
            }
            Ok(hosts)
        })
        .await?;
    let output = &session.output;
    let share = |part: u64, whole: u64| {
        let float = |count: u64| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
        (whole > 0).then(|| float(part) / float(whole))
    };
    let percent = |share: Option<f64>| {
        share.map_or_else(|| "-".to_owned(), |share| format!("{:.0} %", share * 100.0))
    };
    let mut rows = Vec::new();
    for (host, (count, sum)) in hosts {
        let conditional = share(sum.conditional, sum.all);
        let not_modified = share(sum.not_modified, sum.conditional);
        let spacing = sum.spacing.map(|span| span.as_secs_f64());
        if output.json {
            output.object(&json!({
                "host": host,
                "sources": count,
                "requests": sum.all,
                "conditional": sum.conditional,
                "conditional_share": conditional,
                "not_modified": sum.not_modified,
                "not_modified_share": not_modified,
                "shortest_spacing_s": spacing,
                "told_to_wait": sum.told_to_wait,
                "asked_early": sum.asked_early,
            }))?;
            continue;
        }
        let obeyed = match (sum.told_to_wait, sum.asked_early) {
            (0, _) => "-".to_owned(),
            (told, 0) => format!("yes, {told} times"),
            (told, early) => format!("no: {early} early after {told}"),
        };
        rows.push(vec![
            host,
            count.to_string(),
            sum.all.to_string(),
            percent(conditional),
            percent(not_modified),
            spacing.map_or_else(|| "-".to_owned(), |seconds| format!("{seconds:.1} s")),
            obeyed,
        ]);
    }
    if !output.json {
        let head = [
            "HOST",
            "SOURCES",
            "REQUESTS",
            "CONDITIONAL",
            "304",
            "SHORTEST SPACING",
            "RETRY-AFTER",
        ];
        output.table(&head, &rows)?;
    }
    Ok(Exit::Done)
}

/// The host whose manners count; the URL itself if it has none.
fn host(url: &str) -> String {
    let parsed = url::Url::parse(url).ok();
    let host = parsed.as_ref().and_then(url::Url::host_str);
    host.map_or_else(|| url.to_owned(), polling::registrable)
}

/// `source read`: no config, no network.
fn read(
    global: &Global,
    file: &std::path::Path,
    url: Option<&str>,
    content_type: Option<&str>,
) -> anyhow::Result<Exit> {
    use std::io::Read as _;
    const MOST: u64 = 64 << 20;
    let mut body = Vec::new();
    if file.as_os_str() == "-" {
        std::io::stdin().take(MOST).read_to_end(&mut body)?;
    } else {
        let open = std::fs::File::open(file)
            .map_err(|error| UsageError::new(format!("`{}`: {error}", file.display())))?;
        open.take(MOST).read_to_end(&mut body)?;
    }
    let zone = chrono_tz::Europe::Berlin;
    let output = Output { json: global.json, quiet: global.quiet, zone };
    let extraction = extract::feed::read(&body, content_type, url, zone);
    if output.json {
        output.object(&reading(extraction.as_ref().map_err(ToString::to_string)))?;
    } else if let Ok(extraction) = &extraction {
        print_extraction(&output, extraction)?;
    }
    match extraction {
        Ok(_) => Ok(Exit::Done),
        Err(_) if output.json => Ok(Exit::Failure),
        Err(error) => Err(error.into()),
    }
}

fn reading(extraction: Result<&Extraction, String>) -> Value {
    match extraction {
        Err(error) => json!({"error": error, "read_by": null, "entries": []}),
        Ok(extraction) => {
            let date = |date: Option<Date>| json_time(date.map(|date| date.at));
            let entries: Vec<Value> = extraction
                .items
                .iter()
                .map(|item| {
                    json!({
                        "id": item.guid,
                        "title": item.title,
                        "link": item.link,
                        "date": date(item.published.or(item.updated)),
                        "updated": date(item.updated),
                        "summary": item.summary_html,
                        "content": item.body_html,
                    })
                })
                .collect();
            json!({"error": null, "read_by": extraction.read_by.as_str(), "entries": entries, "notes": extraction.notes})
        }
    }
}

fn print_extraction(output: &Output, extraction: &Extraction) -> anyhow::Result<()> {
    output.line(&format!(
        "read by {}, {} items",
        extraction.read_by.as_str(),
        extraction.items.len()
    ))?;
    for note in &extraction.notes {
        output.line(&format!("note: {note}"))?;
    }
    let rows: Vec<Vec<String>> = extraction
        .items
        .iter()
        .map(|item| {
            let date = item.published.or(item.updated);
            vec![
                output.time(date.map(|date| date.at)),
                cut(item.title.as_deref().unwrap_or("-"), 70),
                item.link.clone().unwrap_or_else(|| "-".to_owned()),
            ]
        })
        .collect();
    output.table(&["DATE", "TITLE", "LINK"], &rows)
}

/// `source test`: asks once, writes nothing.
async fn test(global: &Global, what: &str) -> anyhow::Result<Exit> {
    let config = session::load(global)?;
    let output = Output { json: global.json, quiet: global.quiet, zone: config.service.timezone };
    if what.contains("://") {
        return probe(global, what, &output).await;
    }
    let plan = daemon::plan(config)?;
    let source = of_plan(&plan, what)?;
    let response = ask(source.fetch.as_ref(), &source.configured, &plan).await?;
    let Some(extraction) = judge(&output, &source.configured, &response)? else {
        return Ok(Exit::Failure);
    };
    as_stored(&output, &source.configured, &extraction)?;
    Ok(Exit::Done)
}

async fn ask(fetch: &dyn Fetch, configured: &Configured, plan: &Plan) -> anyhow::Result<Response> {
    let request = Request {
        method: Method::Get,
        url: configured.settings.url.clone(),
        accept: configured.source.accept().to_owned(),
        headers: Headers::new(),
        max_bytes: plan.polling.max_bytes,
        timeout: plan.polling.timeout,
    };
    Ok(fetch.fetch(&request).await?)
}

fn judge(
    output: &Output,
    configured: &Configured,
    response: &Response,
) -> anyhow::Result<Option<Extraction>> {
    if response.status != 200 {
        output.line(&format!("problem: the server answered {}", response.status))?;
        return Ok(None);
    }
    match configured.source.extract(response) {
        Ok(extraction) => Ok(Some(extraction)),
        Err(error) => {
            output.line(&format!("problem: {error}"))?;
            Ok(None)
        }
    }
}

/// The items as they would be stored.
fn as_stored(
    output: &Output,
    configured: &Configured,
    extraction: &Extraction,
) -> anyhow::Result<()> {
    use crate::clock::Clock as _;
    let settings = &configured.settings;
    let now = crate::clock::SystemClock.now();
    let keyed = normalize::keys(&extraction.items, settings);
    let mut rows = Vec::new();
    for (raw, key) in extraction.items.iter().zip(keyed.keys) {
        let hash = normalize::raw_hash(raw);
        let Some(item) = normalize::item(raw, key, hash, settings, now) else { continue };
        if output.json {
            output.object(&json!({"key": item.key.0, "title": item.title, "url": item.url,
                "published": json_time(item.published), "published_is_guess": item.published_is_guess,
                "summary": item.summary}))?;
        }
        let guess = if item.published_is_guess { "?" } else { "" };
        rows.push(vec![
            format!("{}{guess}", output.time(item.published)),
            cut(&item.title, 70),
            cut(&item.key.0, 40),
            item.url.unwrap_or_else(|| "-".to_owned()),
        ]);
    }
    for note in extraction.notes.iter().chain(&keyed.notes) {
        output.say(&format!("note: {note}"));
    }
    if !output.json {
        output.line(&format!("kind {}, {} items", settings.kind, rows.len()))?;
        output.table(&["DATE", "TITLE", "IDENTITY", "URL"], &rows)?;
    }
    Ok(())
}

/// Finds out what a URL is: a feed, a page that names its feed, or a page of a
/// known publishing system. Prints a block that `check` accepts.
async fn probe(global: &Global, url: &str, output: &Output) -> anyhow::Result<Exit> {
    let name = url::Url::parse(url)
        .ok()
        .and_then(|url| url.host_str().map(str::to_owned))
        .ok_or_else(|| UsageError::new(format!("`{url}` is no URL")))?;
    let id: String = name
        .trim_start_matches("www.")
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' })
        .collect();
    let id = id.trim_matches('-').chars().take(40).collect::<String>();
    let block = |kind: &str, url: &str, rest: &str| {
        format!(
            "[[source]]\nid = \"{id}\"\nname = \"{name}\"\nkind = \"{kind}\"\nurl = \"{url}\"\n{rest}"
        )
    };
    let as_feed = block("feed", url, "");
    let (plan, configured) = with_block(global, &as_feed)?;
    let response = ask(configured.fetch.as_ref(), &configured.configured, &plan).await?;
    if response.status != 200 {
        output.line(&format!("problem: the server answered {}", response.status))?;
        return Ok(Exit::Failure);
    }
    if let Ok(extraction) = configured.configured.source.extract(&response) {
        as_stored(output, &configured.configured, &extraction)?;
        output.line(&format!("\n{as_feed}"))?;
        return Ok(Exit::Done);
    }
    let html = extract::sniff::decode(&response.body, response.headers.get("content-type")).text;
    for feed in discover::feed_links(&html, &response.final_url) {
        let found = block("feed", &feed, "");
        let (plan, configured) = with_block(global, &found)?;
        let Ok(answer) = ask(configured.fetch.as_ref(), &configured.configured, &plan).await else {
            continue;
        };
        if let Ok(extraction) = configured.configured.source.extract(&answer) {
            output.say(&format!("the page names a feed: {feed}"));
            as_stored(output, &configured.configured, &extraction)?;
            output.line(&format!("\n{found}"))?;
            return Ok(Exit::Done);
        }
    }
    let Some(preset) = discover::recognise(&html) else {
        output.line("problem: no feed, and no publishing system that is known; write selectors under [source.page]")?;
        output.line(&format!(
            "\n{}",
            block(
                "page",
                url,
                "[source.page]\nlist = \"\"\nitem = \"\"\ntitle = \"\"\nlink = \"a@href\"\n"
            )
        ))?;
        return Ok(Exit::Failure);
    };
    let as_page = block("page", url, &format!("[source.page]\npreset = \"{preset}\"\n"));
    let (_, configured) = with_block(global, &as_page)?;
    let Some(extraction) = judge(output, &configured.configured, &response)? else {
        output.line(&format!("\n{as_page}"))?;
        return Ok(Exit::Failure);
    };
    output.say(&format!("a page of {preset}"));
    as_stored(output, &configured.configured, &extraction)?;
    output.line(&format!("\n{as_page}"))?;
    Ok(Exit::Done)
}

/// The source of a block, as the config would build it.
fn with_block(global: &Global, block: &str) -> anyhow::Result<(Plan, std::sync::Arc<SourcePlan>)> {
    let config = config::load_with(&global.config_path(), &global.environment, block)?;
    let plan = daemon::plan(config)?;
    let source = plan.sources.last().cloned();
    let source = source.ok_or_else(|| UsageError::new("the block cannot be used"))?;
    Ok((plan, source))
}
