//! Views → HTML, by the embedded templates.
//!
//! Templates escape whatever they print, refuse names they do not know, and
//! run on limited fuel.

use minijinja::{
    AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior, Value, context,
    escape_formatter,
};
use serde::Serialize;

use super::headers::Kind;
use super::views::{
    Archive, Bot, Confirm, DigestPage, Feed, ItemPage, Sent, Service, Settings, Stale, Start,
    Status, Subscribe, TopicPage, Trouble, Unsubscribe,
};

/// The style sheet, served at `/stil.css`.
pub const STYLE: &str = include_str!("templates/stil.css");

/// Far more steps than the longest page takes.
const FUEL: u64 = 5_000_000;

const TEMPLATES: &[(&str, &str)] = &[
    ("layout.html", include_str!("templates/layout.html")),
    ("parts.html", include_str!("templates/parts.html")),
    ("start.html", include_str!("templates/start.html")),
    ("topic.html", include_str!("templates/topic.html")),
    ("item.html", include_str!("templates/item.html")),
    ("archive.html", include_str!("templates/archive.html")),
    ("digest.html", include_str!("templates/digest.html")),
    ("subscribe.html", include_str!("templates/subscribe.html")),
    ("sent.html", include_str!("templates/sent.html")),
    ("confirm.html", include_str!("templates/confirm.html")),
    ("unsubscribe.html", include_str!("templates/unsubscribe.html")),
    ("settings.html", include_str!("templates/settings.html")),
    ("stale.html", include_str!("templates/stale.html")),
    ("help.html", include_str!("templates/help.html")),
    ("bot.html", include_str!("templates/bot.html")),
    ("imprint.html", include_str!("templates/imprint.html")),
    ("privacy.html", include_str!("templates/privacy.html")),
    ("accessibility.html", include_str!("templates/accessibility.html")),
    ("status.html", include_str!("templates/status.html")),
    ("missing.html", include_str!("templates/missing.html")),
    ("trouble.html", include_str!("templates/trouble.html")),
    ("failed.html", include_str!("templates/failed.html")),
    ("feed.atom", include_str!("templates/feed.atom")),
];

/// A page and what it needs to know.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum Page {
    /// `/`
    Start(Start),
    /// `/thema/ID`
    Topic(TopicPage),
    /// `/meldung/ID`
    Item(Box<ItemPage>),
    /// `/archiv`
    Archive(Archive),
    /// `/d/DIGEST`
    Digest(DigestPage),
    /// `/anmelden`
    Subscribe(Subscribe),
    /// The answer to `/anmelden`
    Sent(Sent),
    /// `/b/TOKEN`
    Confirm(Confirm),
    /// `/a/TOKEN`
    Unsubscribe(Unsubscribe),
    /// `/e/TOKEN`
    Settings(Box<Settings>),
    /// Any of the three with a token that holds no more.
    Stale(Stale),
    /// `/hilfe`
    Help,
    /// `/bot`
    Bot(Bot),
    /// `/impressum`, unless the operator has one
    Imprint,
    /// `/datenschutz`, unless the operator has one
    Privacy,
    /// `/barrierefreiheit`, unless the operator has one
    Accessibility,
    /// `/status`
    Status(Status),
    /// Status 404.
    Missing,
    /// Any other status that is no page.
    Trouble(Trouble),
    /// Status 500.
    Failed,
}

impl Page {
    /// The kind of answer it is, for its header fields.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Subscribe(_)
            | Self::Sent(_)
            | Self::Missing
            | Self::Trouble(_)
            | Self::Failed => Kind::Form,
            Self::Confirm(_) | Self::Unsubscribe(_) | Self::Settings(_) | Self::Stale(_) => {
                Kind::Token
            }
            Self::Status(_) => Kind::Status,
            _ => Kind::Page,
        }
    }

    const fn template(&self) -> &'static str {
        match self {
            Self::Start(_) => "start.html",
            Self::Topic(_) => "topic.html",
            Self::Item(_) => "item.html",
            Self::Archive(_) => "archive.html",
            Self::Digest(_) => "digest.html",
            Self::Subscribe(_) => "subscribe.html",
            Self::Sent(_) => "sent.html",
            Self::Confirm(_) => "confirm.html",
            Self::Unsubscribe(_) => "unsubscribe.html",
            Self::Settings(_) => "settings.html",
            Self::Stale(_) => "stale.html",
            Self::Help => "help.html",
            Self::Bot(_) => "bot.html",
            Self::Imprint => "imprint.html",
            Self::Privacy => "privacy.html",
            Self::Accessibility => "accessibility.html",
            Self::Status(_) => "status.html",
            Self::Missing => "missing.html",
            Self::Trouble(_) => "trouble.html",
            Self::Failed => "failed.html",
        }
    }

    /// The entry of the main navigation that it is.
    const fn place(&self) -> &'static str {
        match self {
            Self::Start(Start { query: None, .. }) => "/",
            Self::Archive(_) => "/archiv",
            Self::Subscribe(_) => "/anmelden",
            Self::Help => "/hilfe",
            _ => "",
        }
    }
}

/// A template failed: our own mistake, found by the tests, never the reader's.
#[derive(Debug, thiserror::Error)]
#[error("cannot render `{template}`")]
pub struct PageError {
    /// Which.
    pub template: &'static str,
    /// Why. Its text may name variables, never their values.
    #[source]
    pub source: minijinja::Error,
}

/// The templates, and what every page says of the service.
#[derive(Debug)]
pub struct Pages {
    environment: Environment<'static>,
    service: Value,
}

impl Pages {
    /// Compiles the templates.
    pub fn new(service: &Service) -> Result<Self, PageError> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| AutoEscape::Html);
        environment.set_fuel(Some(FUEL));
        // Its debug text would hold values: addresses, tokens.
        environment.set_debug(false);
        environment.add_filter("web_address", web_address);
        environment.add_filter("cut", cut);
        environment.set_formatter(escape);
        for &(template, text) in TEMPLATES {
            environment
                .add_template(template, text)
                .map_err(|source| PageError { template, source })?;
        }
        let service =
            value(&service).map_err(|source| PageError { template: "layout.html", source })?;
        Ok(Self { environment, service })
    }

    /// The page as HTML.
    pub fn render(&self, page: &Page) -> Result<String, PageError> {
        let template = page.template();
        let context = value(page).map(|value| {
            context! {
                service => self.service.clone(),
                page => value,
                here => page.place(),
                noindex => page.kind().is_hidden(),
            }
        });
        self.fill(template, context)
    }

    /// The feed as Atom (RFC 4287).
    pub fn feed(&self, feed: &Feed) -> Result<String, PageError> {
        let context =
            value(feed).map(|value| context! { service => self.service.clone(), feed => value });
        self.fill("feed.atom", context)
    }

    fn fill(
        &self,
        template: &'static str,
        context: Result<Value, Error>,
    ) -> Result<String, PageError> {
        let mut text = self
            .environment
            .get_template(template)
            .and_then(|template| template.render(context?))
            .map_err(|source| PageError { template, source })?;
        // XML knows no escape for these, and HTML has no use for them.
        text.retain(|c| {
            matches!(c, '\t' | '\n') || !(c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}'))
        });
        Ok(text)
    }
}

/// The address if a browser may follow it, else one that leads nowhere: the last
/// wall against `javascript:` in an address that a source gave.
fn web_address(address: &str) -> String {
    let scheme = address.get(..8).unwrap_or(address).to_ascii_lowercase();
    if scheme.starts_with("https://") || scheme.starts_with("http://") {
        address.to_owned()
    } else {
        "about:invalid".to_owned()
    }
}

/// At most `most` characters, cut at a word where there is one: a window's title has little room.
fn cut(text: &str, most: usize) -> String {
    let Some((end, _)) = text.char_indices().nth(most) else {
        return text.to_owned();
    };
    let beginning = text.get(..end).unwrap_or(text);
    let word = beginning.rfind(' ').and_then(|blank| beginning.get(..blank)).unwrap_or(beginning);
    format!("{} …", word.trim_end_matches([',', '.', ':', ';', ' ', '–']))
}

/// Escapes text for HTML and XML, also inside double quotes. The library's own way turns each
/// slash into `&#x2f;`, which makes addresses unreadable in the source of a page.
fn escape(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    let Some(text) = value.as_str().filter(|_| !value.is_safe()) else {
        return escape_formatter(out, state, value);
    };
    let mut rest = text;
    while let Some(at) = rest.find(['&', '<', '>', '"', '\'']) {
        let (plain, special) = rest.split_at(at);
        out.write_str(plain)?;
        out.write_str(match special.as_bytes().first() {
            Some(b'&') => "&amp;",
            Some(b'<') => "&lt;",
            Some(b'>') => "&gt;",
            Some(b'"') => "&quot;",
            _ => "&#39;",
        })?;
        rest = special.get(1..).unwrap_or_default();
    }
    Ok(out.write_str(rest)?)
}

/// A view as the templates see it.
fn value(view: &impl Serialize) -> Result<Value, Error> {
    let json = serde_json::to_value(view).map_err(|error| {
        Error::new(ErrorKind::InvalidOperation, "a view cannot be serialized").with_source(error)
    })?;
    Ok(from_json(json))
}

fn from_json(json: serde_json::Value) -> Value {
    use serde_json::Value as Json;
    match json {
        Json::Null => Value::from(()),
        Json::Bool(truth) => Value::from(truth),
        Json::Number(number) => match number.as_i64() {
            Some(whole) => Value::from(whole),
            None => Value::from(number.as_f64().unwrap_or_default()),
        },
        Json::String(text) => Value::from(text),
        Json::Array(list) => list.into_iter().map(from_json).collect(),
        Json::Object(table) => {
            Value::from_pairs(table.into_iter().map(|(key, value)| (key, from_json(value))))
        }
    }
}

#[cfg(test)]
mod tests;
