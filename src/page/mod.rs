//! One template environment for mails, pages and feeds: one escape, one set of filters.
//!
//! Templates escape whatever they print, refuse names they do not know and run
//! on limited fuel. Those of mails can be replaced by the admin.

mod calendar;
mod filters;
mod link;

pub use self::calendar::{CalendarDate, calendar};
pub use self::link::{Link, document, shown_url};

use std::fmt;

use include_dir::{Dir, include_dir};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, Error, UndefinedBehavior};
use serde::Serialize;

static MAIL: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/src/page/mail");
static WEB: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/src/page/web");

/// The style sheet, served at `/stil.css`.
pub const STYLE: &str = include_str!("web/stil.css");

/// Steps one rendering may take: a template that loops for ever must not hold
/// the service. A digest of 60 entries takes about a hundredth.
const FUEL: u64 = 5_000_000;

/// Something wrong with a template, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateProblem {
    /// Its name, which is the file's name in the folder of overrides.
    pub name: String,
    /// Line from 1; none if it concerns the whole.
    pub line: Option<usize>,
    /// What is wrong. It may name variables, never their values.
    pub message: String,
}

impl fmt::Display for TemplateProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}", self.message)
    }
}

impl std::error::Error for TemplateProblem {}

/// Every template, ready to be filled.
#[derive(Debug)]
pub struct Templates {
    environment: Environment<'static>,
}

impl Templates {
    /// Returns the embedded templates, with `overrides` (name, source) in place of the
    /// mail templates of the same name; fails with all problems at once. Whoever sends
    /// mails tries them with samples first (`digest::render::load`).
    pub fn load(overrides: &[(String, String)]) -> Result<Self, Vec<TemplateProblem>> {
        let mut environment = environment();
        let mut problems = Vec::new();
        for (folder, files) in [("mail", &MAIL), ("web", &WEB)] {
            for (name, source) in sources(files) {
                let path = format!("{folder}/{name}");
                if let Err(error) = environment.add_template_owned(path.clone(), source) {
                    problems.push(problem(&path, &error));
                }
            }
        }
        for (name, source) in overrides {
            if MAIL.get_file(name).is_none() {
                let known: Vec<&str> = sources(&MAIL).map(|(name, _)| name).collect();
                let known = crate::model::suggestion(name, &known);
                problems.push(TemplateProblem {
                    name: name.clone(),
                    line: None,
                    message: format!("there is no template of this name{known}"),
                });
                continue;
            }
            let path = format!("mail/{name}");
            if let Err(error) = environment.add_template_owned(path.clone(), source.clone()) {
                problems.push(problem(&path, &error));
            }
        }
        if problems.is_empty() { Ok(Self { environment }) } else { Err(problems) }
    }

    /// Fills `mail/NAME` or `web/NAME` with what `view` holds.
    pub fn render(&self, name: &str, view: &impl Serialize) -> Result<String, TemplateProblem> {
        let mut text = self
            .environment
            .get_template(name)
            .and_then(|template| template.render(Value::from(Serde(view))))
            .map_err(|error| problem(name, &error))?;
        // XML knows no escape for these, and HTML has no use for them.
        text.retain(|c| {
            matches!(c, '\t' | '\n') || !(c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}'))
        });
        Ok(text)
    }
}

fn sources(folder: &'static Dir<'static>) -> impl Iterator<Item = (&'static str, &'static str)> {
    folder.files().filter_map(|file| Some((file.path().to_str()?, file.contents_utf8()?)))
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    environment.set_recursion_limit(50);
    // Its debug text would hold values: addresses, tokens.
    environment.set_debug(false);
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .keep_trailing_newline(true)
        .build();
    if let Ok(syntax) = syntax {
        environment.set_syntax(syntax);
    }
    // `layout.html` is the one of the template's own folder.
    environment.set_path_join_callback(|name, parent| match parent.split_once('/') {
        Some((folder, _)) => format!("{folder}/{name}").into(),
        None => name.into(),
    });
    environment.set_auto_escape_callback(|name| {
        if name.rsplit('.').next() == Some("txt") { AutoEscape::None } else { AutoEscape::Html }
    });
    environment.set_formatter(filters::escape);
    environment.add_filter("wrap", filters::wrap);
    environment.add_filter("cut", filters::cut);
    environment.add_filter("web_address", filters::web_address);
    environment
}

fn problem(name: &str, error: &Error) -> TemplateProblem {
    // The innermost cause names the template that was included or extended.
    let mut innermost = error;
    while let Some(cause) =
        std::error::Error::source(innermost).and_then(|cause| cause.downcast_ref::<Error>())
    {
        innermost = cause;
    }
    let detail = innermost.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
    let name = innermost.name().unwrap_or(name);
    TemplateProblem {
        name: name.strip_prefix("mail/").unwrap_or(name).to_owned(),
        line: innermost.line(),
        message: format!("{}{detail}", innermost.kind()),
    }
}
