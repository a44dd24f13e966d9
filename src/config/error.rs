//! Why a config cannot be used: every problem at once, by file and place.

use std::fmt::{self, Write as _};

use crate::model::Problem;

/// All that is wrong with a config. Its text is complete: nothing needs to be put before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// Every problem, by file and place.
    pub problems: Vec<Problem>,
    /// What is doubtful besides.
    pub warnings: Vec<Problem>,
}

impl ConfigError {
    /// Sorts what was found.
    pub(super) fn new(mut found: Vec<Problem>) -> Self {
        sort(&mut found);
        let (warnings, problems) = found.into_iter().partition(|problem| problem.is_doubt);
        Self { problems, warnings }
    }
}

/// Sorts by file, line and column; what has no place comes first.
fn sort(problems: &mut Vec<Problem>) {
    problems.sort_by(|one, other| one.place.cmp(&other.place));
    let mut kept: Vec<Problem> = Vec::with_capacity(problems.len());
    for problem in problems.drain(..) {
        // The same place and complaint may be found on two ways.
        if !kept
            .iter()
            .rev()
            .take_while(|one| one.place == problem.place)
            .any(|one| *one == problem)
        {
            kept.push(problem);
        }
    }
    *problems = kept;
}

impl std::error::Error for ConfigError {}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&listed("error", "problem", &self.problems))?;
        let in_topics = self.problems.iter().any(|problem| problem.path.starts_with("topic"));
        f.write_str(if in_topics {
            "hint: `amtsbote topic test --help` shows the term language"
        } else {
            "hint: `amtsbote config show --defaults` shows every key at its default"
        })
    }
}

/// Returns warnings as they are shown: by file and place, each line ends; empty if there are none.
pub fn warnings_text(warnings: &[Problem]) -> String {
    listed("warning", "doubt", warnings)
}

/// Returns problems grouped by file, places in a column of their own. Each line ends.
fn listed(level: &str, noun: &str, problems: &[Problem]) -> String {
    let mut text = String::new();
    let file = |problem: &Problem| problem.place.as_ref().map(|place| place.file.clone());
    for group in problems.chunk_by(|one, other| file(one) == file(other)) {
        let plural = if group.len() == 1 { "" } else { "s" };
        let place = group.first().and_then(file).unwrap_or_else(|| "the config".into());
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{level}: {} {noun}{plural} in {place}", group.len());
        let columns: Vec<String> = group
            .iter()
            .map(|problem| {
                problem
                    .place
                    .as_ref()
                    .map_or_else(String::new, |place| format!("{}:{}", place.line, place.column))
            })
            .collect();
        let width = columns.iter().map(String::len).max().unwrap_or_default();
        for (problem, column) in group.iter().zip(columns) {
            let bare = Problem { place: None, ..problem.clone() };
            let gap = if width == 0 { "" } else { "  " };
            let _ = writeln!(text, "  {column:>width$}{gap}{bare}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Place;

    fn problem(file: &str, line: u32, column: u32, path: &str, message: &str) -> Problem {
        let place = Some(Place { file: file.into(), line, column });
        Problem { place, path: path.into(), message: message.into(), is_doubt: false }
    }

    #[test]
    fn problems_read_well_in_the_night() {
        let unknown = "unknown key `treshold`, did you mean `threshold`?";
        let error = ConfigError::new(vec![
            problem("config/topics.toml", 48, 1, "topic.zsa", unknown),
            problem("config/amtsbote.toml", 3, 14, "service.public_url", "must end with `/`"),
            problem("config/topics.toml", 131, 9, "topic.ozg.strong", "empty term"),
        ]);
        assert_eq!(
            error.to_string(),
            "error: 1 problem in config/amtsbote.toml\n\
             \x20 3:14  service.public_url: must end with `/`\n\
             error: 2 problems in config/topics.toml\n\
             \x20  48:1  topic.zsa: unknown key `treshold`, did you mean `threshold`?\n\
             \x20 131:9  topic.ozg.strong: empty term\n\
             hint: `amtsbote topic test --help` shows the term language"
        );
    }
}
