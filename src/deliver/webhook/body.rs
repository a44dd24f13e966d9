//! The JSON of a message, by a template.

use std::sync::Arc;

use minijinja::{Environment, Value, context};

use crate::deliver::SendError;
use crate::model::settings::words;
use crate::model::{Envelope, Payload, Rendered};

words! {
    /// Whose shape the JSON has.
    pub enum Format {
        /// Everything a mail has, by name.
        Json = "json",
        /// An event `m.room.message` of Matrix.
        Matrix = "matrix",
        /// An adaptive card for a workflow of Teams.
        Teams = "teams",
    }
}

/// Steps that a template may take.
const FUEL: u64 = 100_000;

/// A template that was found sound.
#[derive(Debug)]
pub(super) struct Template(Arc<Environment<'static>>);

impl Format {
    pub(super) const fn template(self) -> &'static str {
        match self {
            Self::Json => include_str!("json.jinja"),
            Self::Matrix => include_str!("matrix.jinja"),
            Self::Teams => include_str!("teams.jinja"),
        }
    }
}

impl Template {
    /// Takes a template. Returns what is wrong with it: it must make JSON of any message.
    pub(super) fn new(source: String) -> Result<Self, String> {
        let mut environment = Environment::new();
        environment.set_fuel(Some(FUEL));
        environment.add_filter("cut", |text: &str, bytes: usize| cut(text, bytes));
        let named = |error: minijinja::Error| match error.line() {
            Some(line) => format!("line {line}: {error}"),
            None => error.to_string(),
        };
        environment.add_template_owned("body", source).map_err(named)?;
        let sample = Rendered {
            subject: "Ein \"Betreff\"".to_owned(),
            text: "Text\n\\".to_owned(),
            html: "<p>\"</p>".to_owned(),
        };
        let values = values(&sample_envelope(), &sample);
        let names: Vec<String> =
            values.try_iter().into_iter().flatten().map(|name| name.to_string()).collect();
        let is_unknown = |name: &&String| {
            !names.contains(name) && !environment.globals().any(|(known, _)| known == name.as_str())
        };
        let named_here =
            environment.get_template("body").map_err(named)?.undeclared_variables(false);
        if let Some(name) = named_here.iter().filter(is_unknown).min() {
            return Err(format!("there is no `{name}`; a message has {}", names.join(", ")));
        }
        let template = Self(Arc::new(environment));
        template.render(values)?;
        Ok(template)
    }

    /// Returns the message as JSON in ASCII. The same words give the same bytes.
    pub(super) fn body(
        &self,
        envelope: &Envelope,
        rendered: &Rendered,
    ) -> Result<Payload, SendError> {
        let json = self
            .render(values(envelope, rendered))
            .map_err(|reason| SendError::Invalid { reason })?;
        Ok(Payload(ascii(&json.to_string()).into_bytes()))
    }

    fn render(&self, values: Value) -> Result<serde_json::Value, String> {
        let template = self.0.get_template("body").map_err(|error| error.to_string())?;
        let text = template.render(values).map_err(|error| error.to_string())?;
        serde_json::from_str(&text).map_err(|error| format!("it does not make JSON: {error}"))
    }
}

/// Returns what a template may name.
fn values(envelope: &Envelope, rendered: &Rendered) -> Value {
    let list = envelope.list.as_ref();
    context! {
        id => &envelope.message_id,
        kind => envelope.kind.as_str(),
        date => envelope.date.rfc3339(),
        to => &envelope.recipient,
        from => &envelope.from,
        reply_to => &envelope.reply_to,
        bounces_to => &envelope.sender,
        subject => &rendered.subject,
        text => &rendered.text,
        html => &rendered.html,
        unsubscribe => list.map(|list| Value::from(&*list.unsubscribe_url)),
        archive => list.map(|list| Value::from(&*list.archive_url)),
    }
}

fn sample_envelope() -> Envelope {
    Envelope {
        kind: crate::model::MailKind::Digest,
        recipient: "it@stadt.example".to_owned(),
        sender: "r@stadt.example".to_owned(),
        from: "Meldungen <meldungen@stadt.example>".to_owned(),
        reply_to: None,
        message_id: "d.1@stadt.example".to_owned(),
        date: crate::model::Timestamp::default(),
        date_offset_minutes: 0,
        list: None,
    }
}

/// Returns the beginning of a text, so many bytes at most, whole lines where that can be.
fn cut(text: &str, bytes: usize) -> String {
    if text.len() <= bytes {
        return text.to_owned();
    }
    let kept = &text[..text.floor_char_boundary(bytes)];
    let kept = kept.rsplit_once('\n').map_or(kept, |(lines, _)| lines);
    format!("{kept}\n…")
}

/// Returns JSON without a character that anyone on the way could change (RFC 8259 7).
fn ascii(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        if c.is_ascii() {
            text.push(c);
        } else {
            let mut units = [0; 2];
            text.extend(c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_makes_json_that_reads_back_what_was_said() {
        let rendered = Rendered {
            subject: "Grüße „1“ 😀".to_owned(),
            text: "Zeile\n".repeat(20_000),
            html: "<p>x</p>".to_owned(),
        };
        for (format, place, most) in [
            (Format::Json, "/subject", 1_000_000),
            (Format::Matrix, "/body", 65_000),
            (Format::Teams, "/attachments/0/content/body/0/text", 28_000),
        ] {
            let template = Template::new(format.template().to_owned()).unwrap();
            let Payload(bytes) = template.body(&sample_envelope(), &rendered).unwrap();
            assert!(bytes.is_ascii() && bytes.len() < most, "{format:?}: {}", bytes.len());
            let read: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
            let said = read.pointer(place).unwrap().as_str().unwrap();
            assert!(said.starts_with("Grüße „1“ 😀"), "{said}");
        }
    }

    #[test]
    fn a_template_that_makes_no_json_or_names_what_is_not_there_is_refused() {
        for (template, said) in [
            ("{{ subject }}", "does not make JSON"),
            ("{\"a\": {{ betreff | tojson }}}", "no `betreff`"),
            ("{% if %}", "line 1"),
            ("{% for a in range(99999) %}{{ a }}{% endfor %}", "fuel"),
        ] {
            let error = Template::new(template.to_owned()).unwrap_err();
            assert!(error.contains(said), "{template}: {error}");
        }
    }
}
