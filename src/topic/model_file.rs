//! The model as a file: a head of a line per figure, and one printable
//! character per weight. The same model gives the same bytes.

use std::fmt::Write as _;
use std::str::Lines;

use super::features::BUCKETS;
use super::model::{Combination, Model, STEPS, TopicModel, size};
use crate::model::TopicId;
use crate::text::hash64;

/// First line of the file; another number is another format or other features.
const HEAD: &str = "amtsbote topics.model 1";
/// Weights in one line.
const PER_LINE: usize = 128;
/// The character of weight 0 is as many steps after the first printable one.
const FIRST: u8 = b'!';
/// More topics than anyone has; a bound on what a foreign file can ask for.
const MOST_TOPICS: usize = 64;
/// Figures that a file may hold are smaller.
const LARGEST: f64 = 1e6;

/// A file that is no model, or a broken one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct ModelError {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong there, lower case, without a full stop.
    pub message: String,
}

impl Model {
    /// Returns the bytes of the file.
    pub fn to_text(&self) -> String {
        let mut text = String::with_capacity(size(self.topics.len()) + 4096);
        let _ = writeln!(text, "{HEAD}");
        let width = self.topics.len();
        for (index, topic) in self.topics.iter().enumerate() {
            let Combination { cap, per_unit, offset } = topic.combination;
            let _ = writeln!(
                text,
                "topic {}\nexamples {}\nbias {}\nscale {}\ncap {cap}\nper-unit {per_unit}\noffset {offset}",
                topic.id, topic.examples, topic.bias, topic.scale
            );
            for bucket in 0..BUCKETS {
                let step = self.weights[bucket * width + index].clamp(-STEPS, STEPS) + STEPS;
                text.push(char::from(FIRST + step.unsigned_abs()));
                if (bucket + 1) % PER_LINE == 0 {
                    text.push('\n');
                }
            }
        }
        let sum = hash64(text.as_bytes());
        let _ = writeln!(text, "end {sum:016x}");
        text
    }

    /// Reads a file.
    ///
    /// # Errors
    /// If it is no model, of another version, cut short or altered.
    pub fn parse(bytes: &[u8]) -> Result<Self, ModelError> {
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let line = 1 + before.split(|byte| *byte == b'\n').count().saturating_sub(1);
            ModelError { line, message: "is not text, so no model of topics".to_owned() }
        })?;
        let mut reader = Reader { lines: text.lines(), line: 0 };
        match reader.next()? {
            HEAD => {}
            other if other.starts_with("amtsbote topics.model ") => {
                return Err(reader.error(
                    "is a model of another version; make a new one with `amtsbote topic train`",
                ));
            }
            _ => {
                return Err(
                    reader.error(format!("is no model of topics: the first line must be `{HEAD}`"))
                );
            }
        }
        let mut topics: Vec<TopicModel> = Vec::new();
        let mut rows: Vec<Vec<i8>> = Vec::new();
        let sum = loop {
            let line = reader.next()?;
            if let Some(sum) = line.strip_prefix("end ") {
                break sum;
            }
            let id = line
                .strip_prefix("topic ")
                .ok_or_else(|| reader.error("expected `topic ID` or `end`"))?;
            if topics.len() == MOST_TOPICS || topics.iter().any(|topic| topic.id.as_str() == id) {
                return Err(reader.error(format!("topic `{id}` twice, or too many topics")));
            }
            topics.push(reader.topic(id)?);
            rows.push(reader.weights()?);
        };
        let covered = text.find("\nend ").map_or(text, |at| &text[..=at]);
        let hash = hash64(covered.as_bytes());
        if sum != format!("{hash:016x}") {
            return Err(reader.error("the checksum does not fit: the file was altered or cut short; copy it again or make a new one with `amtsbote topic train`"));
        }
        let width = topics.len();
        let mut weights = vec![0; size(width)];
        for (index, row) in rows.iter().enumerate() {
            for (bucket, weight) in row.iter().enumerate() {
                weights[bucket * width + index] = *weight;
            }
        }
        Ok(Self { topics, weights, hash })
    }
}

struct Reader<'a> {
    lines: Lines<'a>,
    line: usize,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<&'a str, ModelError> {
        self.line += 1;
        self.lines.next().ok_or_else(|| self.error("the file ends too early"))
    }

    fn error(&self, message: impl Into<String>) -> ModelError {
        ModelError { line: self.line, message: message.into() }
    }

    fn figure(&mut self, name: &str) -> Result<f64, ModelError> {
        let line = self.next()?;
        let value = line.strip_prefix(name).and_then(|rest| rest.trim().parse::<f64>().ok());
        value.filter(|value| value.abs() < LARGEST).ok_or_else(|| {
            self.error(format!(
                "expected `{name} NUMBER`, found `{}`",
                line.chars().take(40).collect::<String>()
            ))
        })
    }

    fn topic(&mut self, id: &str) -> Result<TopicModel, ModelError> {
        let examples = self.figure("examples")?;
        let (bias, scale) = (self.figure("bias")?, self.figure("scale")?);
        let combination = Combination {
            cap: self.figure("cap")?,
            per_unit: self.figure("per-unit")?,
            offset: self.figure("offset")?,
        };
        if combination.per_unit < 0.0 || scale < 0.0 || examples < 0.0 {
            return Err(self.error("a figure of the topic is negative"));
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked above"
        )]
        let examples = examples as usize;
        Ok(TopicModel { id: TopicId::new(id), bias, scale, combination, examples })
    }

    fn weights(&mut self) -> Result<Vec<i8>, ModelError> {
        let mut weights = Vec::with_capacity(BUCKETS);
        while weights.len() < BUCKETS {
            let line = self.next()?;
            if line.len() != PER_LINE {
                return Err(self.error(format!(
                    "a line of weights has {PER_LINE} characters, not {}",
                    line.len()
                )));
            }
            for byte in line.bytes() {
                let step = byte
                    .checked_sub(FIRST)
                    .and_then(|step| i8::try_from(step).ok())
                    .filter(|step| *step <= 2 * STEPS)
                    .ok_or_else(|| self.error("a character that is no weight"))?;
                weights.push(step - STEPS);
            }
        }
        Ok(weights)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Returns a model of one topic in which some buckets weigh something.
    pub(in crate::topic) fn small() -> Model {
        let mut weights = vec![0; BUCKETS];
        weights[7] = STEPS;
        weights[BUCKETS - 1] = -STEPS;
        let combination = Combination { cap: 9.0, per_unit: 1.25, offset: -0.5 };
        let topic = TopicModel {
            id: TopicId::from("ozg"),
            bias: -1.5,
            scale: 0.01,
            combination,
            examples: 3,
        };
        let model = Model { topics: vec![topic], weights, hash: 0 };
        Model::parse(model.to_text().as_bytes()).unwrap()
    }

    #[test]
    fn a_model_survives_its_file_to_the_byte() {
        let text = small().to_text();
        assert_eq!(Model::parse(text.as_bytes()).unwrap().to_text(), text);
        assert_eq!(Model::parse(text.as_bytes()).unwrap(), small());
    }

    #[test]
    fn a_broken_or_foreign_file_is_an_error_with_its_line() {
        let text = small().to_text();
        let last = text.lines().count();
        for (broken, line, message) in [
            (String::new(), 1, "ends too early"),
            ("[[topic]]\n".to_owned(), 1, "no model of topics"),
            (text.replacen("model 1", "model 2", 1), 1, "another version"),
            (text.replacen("bias -1.5", "bias tief", 1), 4, "expected `bias NUMBER`"),
            (text.replacen("bias -1.5", "bias inf", 1), 4, "expected `bias NUMBER`"),
            (text.replacen("bias -1.5", "bias -1.6", 1), last, "checksum"),
            (text.replacen("per-unit 1.25", "per-unit -1.25", 1), 8, "negative"),
            (text[..text.len() / 2].to_owned(), 136, "128 characters"),
        ] {
            let error = Model::parse(broken.as_bytes()).unwrap_err();
            assert_eq!(error.line, line, "{error}");
            assert!(error.message.contains(message), "{error}");
        }
        assert_eq!(Model::parse(b"amtsbote topics.model 1\n\xff").unwrap_err().line, 2);
    }
}
