//! What can be chosen, as boxes to tick and as fields of a form.

use std::convert::Infallible;

use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::answer::Refusal;
use super::client::Asking;
use super::door;
use super::views::{Choice, Problems};
use crate::model::{SeriesId, TopicId};
use crate::pipeline::Plan;

/// Fields of a form or a query, in their order.
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    fn parse(bytes: &[u8]) -> Self {
        Self(url::form_urlencoded::parse(bytes).into_owned().collect())
    }

    /// Reads a body that says it is a form; browsers and programs all do.
    pub(super) async fn sent(asking: &Asking, body: Body) -> Result<Self, Refusal> {
        let body = door::body(body).await?;
        let kind = asking.field("content-type").and_then(|kind| kind.split(';').next());
        let is_form = kind.is_some_and(|kind| {
            kind.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded")
        });
        if is_form { Ok(Self::parse(&body)) } else { Err(Refusal::BAD_REQUEST) }
    }

    /// Returns the first value of a field.
    pub(super) fn first(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Returns every value of a field.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// Reads the query.
impl<S: Sync> FromRequestParts<S> for Fields {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::parse(parts.uri.query().unwrap_or_default().as_bytes()))
    }
}

/// What was ticked and is still offered, in the order of the config.
pub(super) struct Ticked {
    pub(super) topics: Vec<TopicId>,
    pub(super) series: Vec<SeriesId>,
}

impl Ticked {
    pub(super) fn of(fields: &Fields, plan: &Plan) -> Self {
        let ticked = |name: &str, id: &str| fields.all(name).any(|value| value == id);
        let topics = plan.topics.iter().map(|(id, _)| id);
        let series = plan.series.iter().map(|plan| &plan.series.id);
        Self {
            topics: topics.filter(|id| ticked("thema", id.as_str())).cloned().collect(),
            series: series.filter(|id| ticked("ausgabe", id.as_str())).cloned().collect(),
        }
    }

    /// Returns what is missing.
    pub(super) fn problems(&self) -> Problems {
        let missing = |is_empty: bool, text: &str| is_empty.then(|| text.to_owned());
        Problems {
            topics: missing(self.topics.is_empty(), "Wählen Sie wenigstens ein Thema."),
            series: missing(self.series.is_empty(), "Wählen Sie wenigstens eine Ausgabe."),
            ..Problems::default()
        }
    }

    pub(super) fn topic_boxes(&self, plan: &Plan) -> Vec<Choice> {
        plan.topics
            .iter()
            .map(|(id, title)| Choice {
                id: id.to_string(),
                title: title.clone(),
                remark: String::new(),
                chosen: self.topics.contains(id),
            })
            .collect()
    }

    pub(super) fn series_boxes(&self, plan: &Plan) -> Vec<Choice> {
        plan.series
            .iter()
            .map(|plan| Choice {
                id: plan.series.id.to_string(),
                title: plan.series.title.clone(),
                remark: plan.schedule.every().to_owned(),
                chosen: self.series.contains(&plan.series.id),
            })
            .collect()
    }
}
