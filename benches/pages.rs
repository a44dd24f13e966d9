//! What it costs to find the list of a page that nobody described, and the text of an article.
//!
//! ```text
//! cargo bench --bench pages
//! cargo bench --bench pages -- PAGE.html…
//! ```
//!
//! Without files it reads two pages of its own. The list is read by a shipped block that names no
//! selectors, as a poll does.

use std::fmt::Write as _;
use std::hint::black_box;
use std::process::ExitCode;
use std::time::Duration;

use amtsbote::clock::Stopwatch;
use amtsbote::config::{self, Environment};
use amtsbote::extract::article;
use amtsbote::model::{Budget, Headers, Response};
use amtsbote::source::Source;

const URL: &str = "https://www.musterstadt.example/aktuelles/";
const ROUNDS: usize = 20;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn std::error::Error>> {
    let environment = Environment::new(&std::collections::BTreeMap::new());
    let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
    let config = config::load(&directory, &environment)?;
    let source = config.sources.iter().find(|source| source.settings.id.as_str() == "sgsa");
    let source = source.ok_or("the shipped config has no page without selectors")?.source.as_ref();
    // `cargo bench` hands over `--bench`.
    let files: Vec<String> =
        std::env::args().skip(1).filter(|arg| !arg.starts_with("--")).collect();
    if files.is_empty() {
        measure("a list of 120 news", &list(), source);
        measure("an article of 200 paragraphs", &article(), source);
    }
    for file in files {
        measure(&file, &std::fs::read_to_string(&file)?, source);
    }
    Ok(())
}

fn measure(name: &str, html: &str, source: &dyn Source) {
    let response = Response {
        status: 200,
        final_url: URL.to_owned(),
        is_redirected: false,
        moved: None,
        headers: Headers::default(),
        body: html.as_bytes().to_vec(),
        truncated: false,
    };
    let found = fastest(|| source.extract(&response).map(|extraction| extraction.items.len()));
    let read = fastest(|| {
        let budget = Budget::for_document(html.len());
        article::read(html, URL, None, chrono_tz::Europe::Berlin, &budget)
            .map(|article| article.body_html)
    });
    let items = source.extract(&response).map_or(0, |extraction| extraction.items.len());
    let [found, read] = [found, read].map(|time| time.as_secs_f64() * 1e3);
    let size = html.len() / 1000;
    println!("{size:>6} KB  list {found:>7.2} ms ({items} items)  article {read:>7.2} ms  {name}");
}

fn fastest<T>(mut job: impl FnMut() -> T) -> Duration {
    let times = (0..ROUNDS).map(|_| {
        let watch = Stopwatch::start();
        black_box(job());
        watch.elapsed()
    });
    times.min().unwrap_or_default()
}

fn page(content: &str) -> String {
    let mut links = String::new();
    for number in 0..80 {
        let _ = write!(links, "<li><a href=\"/bereich/{number}\">Bereich {number}</a></li>");
    }
    format!(
        "<!doctype html><html lang=de><head><title>Aktuelles</title></head><body>\
         <nav><ul>{links}</ul></nav><main>{content}</main><footer><ul>{links}</ul></footer></body></html>"
    )
}

fn list() -> String {
    let mut items = String::new();
    for number in 0..120 {
        let (day, month) = (number % 28 + 1, number % 12 + 1);
        let _ = write!(
            items,
            "<article class=\"teaser\"><div class=\"bild\"><img src=\"/bild/{number}.jpg\" alt=\"\"></div>\
             <p class=\"datum\">{day:02}.{month:02}.2026</p><h3><a href=\"/aktuelles/meldung-{number}\">\
             Meldung {number} aus dem Rathaus der Stadt</a></h3><p>Der Stadtrat hat über den Antrag Nummer \
             {number} beraten und ihn an den Ausschuss für Digitales verwiesen, der im nächsten Monat tagt. \
             Die Verwaltung legt bis dahin eine Übersicht der Kosten vor.</p></article>"
        );
    }
    page(&format!("<h1>Aktuelles</h1><div class=\"liste\">{items}</div>"))
}

fn article() -> String {
    let mut paragraphs = String::new();
    for number in 0..200 {
        let _ = write!(
            paragraphs,
            "<p>Im Abschnitt {number} beschreibt die Stadt, wie sie ihre Leistungen ordnet. Sie nennt die Ämter, \
             die zuständig sind, die Fristen, die gelten, und die Kosten, die entstehen. Was sich bewährt hat, \
             soll bleiben; was doppelt ist, wird zusammengelegt. Bürgerinnen und Bürger werden beteiligt, bevor \
             der Rat entscheidet, und die Ergebnisse stehen im Netz.</p>"
        );
    }
    page(&format!(
        "<article><h1>Bericht der Stadt</h1><p>12. November 2026</p>{paragraphs}</article>"
    ))
}
