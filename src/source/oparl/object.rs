//! The objects of `OParl` as JSON: which an answer holds, and their texts.

use serde_json::Value;

use crate::extract::json::weigh;
use crate::extract::sniff;
use crate::model::{Budget, Response};
use crate::source::SourceError;

/// What an answer holds.
pub(super) enum Found<'a> {
    System {
        bodies: Option<&'a str>,
    },
    Body(&'a Value),
    /// One page of a list.
    List(&'a [Value]),
    Other,
}

impl<'a> Found<'a> {
    pub(super) fn in_value(value: &'a Value) -> Self {
        match value.get("data") {
            // Others have lists of that name too.
            Some(Value::Array(objects))
                if objects.is_empty() || objects.iter().any(is_of_the_schema) =>
            {
                Self::List(objects)
            }
            _ if is_a(value, "System") => Self::System { bodies: text(value, "body") },
            _ if is_a(value, "Body") => Self::Body(value),
            _ => Self::Other,
        }
    }
}

/// Returns the JSON of an answer, weighed, with what is left of its budget.
pub(super) fn document(response: &Response) -> Result<(Value, Budget), SourceError> {
    let text = sniff::decode(&response.body, response.headers.get("content-type")).text;
    let budget = Budget::for_document(text.len());
    weigh(&text, &budget)?;
    let value = serde_json::from_str(text.trim())
        .map_err(|error| SourceError::Unreadable { reason: error.to_string() })?;
    Ok((value, budget))
}

fn is_of_the_schema(object: &Value) -> bool {
    text(object, "type").is_some_and(|kind| kind.contains("schema.oparl.org/"))
}

/// Returns whether an object has that type, whatever the version of its schema.
pub(super) fn is_a(object: &Value, name: &str) -> bool {
    text(object, "type").and_then(|kind| kind.rsplit('/').next()) == Some(name)
}

pub(super) fn text<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    object.get(key)?.as_str().map(str::trim).filter(|text| !text.is_empty())
}

pub(super) fn is_true(object: &Value, key: &str) -> bool {
    object.get(key).and_then(Value::as_bool) == Some(true)
}

/// Returns the body of that name or address among those of a system, its only one if none is
/// named, or why there is none.
pub(super) fn body_of<'a>(bodies: &'a [Value], name: Option<&str>) -> Result<&'a Value, String> {
    let named = |body: &&Value| {
        let is = |key| name.is_some_and(|name| text(body, key) == Some(name));
        name.is_none() || ["id", "name", "shortName"].into_iter().any(is)
    };
    let mut found = bodies.iter().filter(named);
    match (found.next(), found.next()) {
        (Some(body), None) => Ok(body),
        _ => {
            let names: Vec<&str> =
                bodies.iter().filter_map(|body| text(body, "name")).take(20).collect();
            let names = names.join("`, `");
            Err(format!("say with `body` under [source.oparl] whose: the system has `{names}`"))
        }
    }
}
