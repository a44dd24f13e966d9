//! What can be chosen, as boxes to tick and as fields of a form.

use axum::body::Bytes;

use super::views::{Choice, Problems};
use crate::model::{SeriesId, TopicId};
use crate::pipeline::Plan;

/// Fields of a form or a query, in their order.
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    /// Of a query, or of a body in the encoding of forms.
    pub(super) fn parse(bytes: &[u8]) -> Self {
        Self(url::form_urlencoded::parse(bytes).into_owned().collect())
    }

    /// Of a body that says it is a form; browsers and programs all do.
    pub(super) fn of_form(content_type: Option<&str>, body: &Bytes) -> Option<Self> {
        let essence = content_type?.split(';').next()?.trim();
        let is_form = essence.eq_ignore_ascii_case("application/x-www-form-urlencoded");
        is_form.then(|| Self::parse(body))
    }

    /// The first value of a field.
    pub(super) fn first(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Every value of a field.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
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
