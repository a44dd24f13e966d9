//! Templates: embedded, each replaceable, all checked before the first mail.

use std::fmt;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Value, ValueKind};
use minijinja::{AutoEscape, Environment, Error, Output, State, UndefinedBehavior};
use serde::Serialize;

use super::RenderError;

const EMBEDDED: [(&str, &str); 12] = [
    ("layout.html", include_str!("../templates/layout.html")),
    ("footer.txt", include_str!("../templates/footer.txt")),
    ("digest.html", include_str!("../templates/digest.html")),
    ("digest.txt", include_str!("../templates/digest.txt")),
    ("confirm.html", include_str!("../templates/confirm.html")),
    ("confirm.txt", include_str!("../templates/confirm.txt")),
    ("welcome.html", include_str!("../templates/welcome.html")),
    ("welcome.txt", include_str!("../templates/welcome.txt")),
    ("probe.html", include_str!("../templates/probe.html")),
    ("probe.txt", include_str!("../templates/probe.txt")),
    ("notice.html", include_str!("../templates/notice.html")),
    ("notice.txt", include_str!("../templates/notice.txt")),
];

/// Names of the templates, as files in the folder of overrides are called.
pub const NAMES: [&str; 12] = [
    "layout.html",
    "footer.txt",
    "digest.html",
    "digest.txt",
    "confirm.html",
    "confirm.txt",
    "welcome.html",
    "welcome.txt",
    "probe.html",
    "probe.txt",
    "notice.html",
    "notice.txt",
];

/// Steps one rendering may take: a template that loops for ever must not hold
/// the service. A digest of 60 entries takes about a hundredth.
const FUEL: u64 = 5_000_000;
/// Widest line of text parts (RFC 3676 advises 78; quotes need room).
const WIDTH: usize = 72;

/// Something wrong with a template, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateProblem {
    /// Its name, which is the file's name in the folder of overrides.
    pub name: String,
    /// Line from 1; none if it concerns the whole.
    pub line: Option<usize>,
    /// What is wrong.
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

/// Every template, ready to be filled.
#[derive(Debug)]
pub struct Templates {
    environment: Environment<'static>,
}

impl Templates {
    /// The embedded templates, with `overrides` (name, source) in place of
    /// those of the same name. Each is parsed and tried with sample mails;
    /// all problems are reported at once.
    pub fn load(overrides: &[(String, String)]) -> Result<Self, Vec<TemplateProblem>> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(FUEL));
        let syntax = SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .keep_trailing_newline(true)
            .build();
        if let Ok(syntax) = syntax {
            environment.set_syntax(syntax);
        }
        environment.set_recursion_limit(50);
        environment.set_formatter(escape);
        environment.add_filter("wrap", wrap);
        let mut problems = Vec::new();
        for (name, source) in EMBEDDED {
            if let Err(error) = environment.add_template(name, source) {
                problems.push(problem(name, &error));
            }
        }
        for (name, source) in overrides {
            if !NAMES.contains(&name.as_str()) {
                let known = crate::model::suggestion(name, &NAMES);
                problems.push(TemplateProblem {
                    name: name.clone(),
                    line: None,
                    message: format!("there is no template of this name{known}"),
                });
                continue;
            }
            if let Err(error) = environment.add_template_owned(name.clone(), source.clone()) {
                problems.push(problem(name, &error));
            }
        }
        let templates = Self { environment };
        if problems.is_empty() {
            problems.extend(super::samples::try_all(&templates));
        }
        if problems.is_empty() { Ok(templates) } else { Err(problems) }
    }

    pub(super) fn render(&self, name: &str, view: &impl Serialize) -> Result<String, RenderError> {
        let json = serde_json::to_value(view).map_err(|error| {
            let message = error.to_string();
            RenderError::Template(TemplateProblem { name: name.to_owned(), line: None, message })
        })?;
        self.environment
            .get_template(name)
            .and_then(|template| template.render(value(json)))
            .map_err(|error| RenderError::Template(problem(name, &error)))
    }
}

fn value(json: serde_json::Value) -> Value {
    use serde_json::Value as Json;
    match json {
        Json::Null => Value::from(()),
        Json::Bool(boolean) => Value::from(boolean),
        Json::Number(number) => number
            .as_i64()
            .map_or_else(|| Value::from(number.as_f64().unwrap_or_default()), Value::from),
        Json::String(text) => Value::from(text),
        Json::Array(values) => values.into_iter().map(value).collect(),
        Json::Object(fields) => {
            Value::from_pairs(fields.into_iter().map(|(key, json)| (key, value(json))))
        }
    }
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
    TemplateProblem {
        name: innermost.name().unwrap_or(name).to_owned(),
        line: innermost.line(),
        message: format!("{}{detail}", innermost.kind()),
    }
}

/// Escapes what HTML needs escaped and no more: the usual escaping turns each
/// slash of a URL into six bytes.
fn escape(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    if !matches!(state.auto_escape(), AutoEscape::Html)
        || value.is_safe()
        || value.kind() != ValueKind::String
    {
        return minijinja::escape_formatter(out, state, value);
    }
    let Some(text) = value.as_str() else { return Ok(()) };
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    out.write_str(&escaped).map_err(Error::from)
}

/// Breaks at blanks into lines of at most 72 characters; no-break spaces hold.
/// Words that are longer stand alone. No line can pose as the mark before the
/// footer.
fn wrap(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut width = 0;
    for word in text.split([' ', '\n']).filter(|word| !word.is_empty()) {
        let length = word.chars().count();
        if width > 0 && width + 1 + length > WIDTH {
            out.push('\n');
            width = 0;
        } else if width > 0 {
            out.push(' ');
            width += 1;
        }
        if width == 0 && word == "--" {
            out.push('–');
            width = 1;
            continue;
        }
        out.push_str(word);
        width += length;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_blanks_only() {
        let text = format!("{} {}", "wort ".repeat(30), "9.\u{a0}Dezember\u{a0}2025");
        let wrapped = wrap(&text);
        assert!(wrapped.lines().all(|line| line.chars().count() <= 72));
        assert!(wrapped.contains("9.\u{a0}Dezember\u{a0}2025"));
        assert_eq!(wrap("-- \nAbmelden"), "– Abmelden");
    }

    #[test]
    fn a_bad_override_is_reported_with_its_line() {
        let problems = |name: &str, source: &str| {
            let problems = Templates::load(&[(name.into(), source.into())]).unwrap_err();
            problems.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        let syntax = problems("digest.txt", "gut\n{% if %}\n");
        assert!(syntax[0].starts_with("digest.txt:2: "), "{syntax:?}");
        let unknown = problems("digest.txt", "gut\n\n{{ titel }}\n");
        assert!(unknown[0].starts_with("digest.txt:3: "), "{unknown:?}");
        assert!(problems("digst.txt", "")[0].contains("did you mean `digest.txt`?"));
        let endless =
            "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}";
        assert!(problems("confirm.txt", endless)[0].starts_with("confirm.txt"), "{endless}");
    }

    #[test]
    fn an_override_takes_the_place_of_the_embedded_one() {
        assert!(Templates::load(&[("digest.txt".into(), "{{ heading }}".into())]).is_ok());
        assert_eq!(EMBEDDED.map(|(name, _)| name), NAMES);
    }
}
