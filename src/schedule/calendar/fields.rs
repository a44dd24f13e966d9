//! Schedules as cron lines, turned into what the `cron` crate reads: all fields
//! checked and spelled out here, since the crate counts Sunday as 1, refuses 0,
//! and its errors are a parser's, not a person's.

use std::collections::BTreeSet;

use super::plan::{CalendarError, Days, Plan};
use super::words;

struct Field {
    name: &'static str,
    example: &'static str,
    least: u32,
    most: u32,
    /// Names from `first_name` on.
    names: &'static [&'static str],
    first_name: u32,
}

const fn field(name: &'static str, example: &'static str, least: u32, most: u32) -> Field {
    Field { name, example, least, most, names: &[], first_name: 0 }
}

const SECOND: Field = field("second", "*/10", 0, 59);
const MINUTE: Field = field("minute", "*/15", 0, 59);
const HOUR: Field = field("hour", "7-18", 0, 23);
const DAY: Field = field("day of month", "1,15", 1, 31);
const MONTH: Field = Field {
    names: &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
    first_name: 1,
    ..field("month", "1-6", 1, 12)
};
const WEEKDAY: Field = Field {
    names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
    first_name: 0,
    ..field("weekday", "1-5", 0, 7)
};
const YEAR: Field = field("year", "2026-2030", 1970, 2100);

/// Returns whether the text means to be a cron line rather than words.
pub(super) fn looks_like(text: &str) -> bool {
    let mut tokens = text.split_whitespace();
    tokens.next().is_some_and(|first| {
        !first.contains(':')
            && first.starts_with(|c: char| c.is_ascii_digit() || "*?/-".contains(c))
    })
}

pub(super) fn parse(text: &str) -> Result<Plan, CalendarError> {
    let tokens: Vec<&str> = text.split_whitespace().collect();
    let (second, rest, year) = match tokens.as_slice() {
        rest @ [_, _, _, _, _] => ("0", rest, "*"),
        [second, rest @ ..] if rest.len() == 5 => (*second, rest, "*"),
        [second, rest @ .., year] if rest.len() == 5 => (*second, rest, *year),
        other => return Err(CalendarError::FieldCount { count: other.len() }),
    };
    let [minute, hour, day, month, weekday] = rest else {
        return Err(CalendarError::FieldCount { count: tokens.len() });
    };
    let seconds = SECOND.values(second)?;
    let minutes = MINUTE.values(minute)?;
    let hours = HOUR.values(hour)?;
    let days = DAY.values(day)?;
    let months = MONTH.values(month)?;
    let weekdays = WEEKDAY.values(weekday)?;
    let years = YEAR.values(year)?;
    if days.len() < 31 && weekdays.len() < 7 {
        return Err(CalendarError::BothDays {
            day: (*day).to_owned(),
            weekday: (*weekday).to_owned(),
        });
    }
    let names: Vec<&str> = weekdays
        .iter()
        .filter_map(|weekday| WEEKDAY.names.get(*weekday as usize))
        .copied()
        .collect();
    let weekday_text = if weekdays.len() == 7 { "*".to_owned() } else { names.join(",") };
    let line = [
        SECOND.written(&seconds),
        MINUTE.written(&minutes),
        HOUR.written(&hours),
        DAY.written(&days),
        MONTH.written(&months),
        weekday_text,
        YEAR.written(&years),
    ]
    .join(" ");
    let a_day = seconds.len() * minutes.len() * hours.len();
    let frequency = frequency(a_day, days.len(), months.len(), &weekdays);
    Ok(Plan { lines: vec![line], days: Days::ALL, frequency })
}

/// Returns how often, as readers see it.
fn frequency(a_day: usize, days: usize, months: usize, weekdays: &BTreeSet<u32>) -> String {
    if months < 12 {
        return "regelmäßig".to_owned();
    }
    match (days, weekdays.len()) {
        (31, 7) if a_day > 4 => "mehrmals täglich".to_owned(),
        (31, _) => {
            let mut always = [false; 7];
            for weekday in weekdays {
                if let Some(place) = always.get_mut(((weekday + 6) % 7) as usize) {
                    *place = true;
                }
            }
            words::frequency(Days { always, workdays: false })
        }
        (1, _) => "monatlich".to_owned(),
        _ => "regelmäßig".to_owned(),
    }
}

impl Field {
    /// Returns the values of a field such as `*`, `*/15`, `1-5`, `mon,wed`, `8-18/2`. Weekday 7 is
    /// 0.
    fn values(&self, text: &str) -> Result<BTreeSet<u32>, CalendarError> {
        let mut values = BTreeSet::new();
        for part in text.split(',') {
            let (range, step) = match part.split_once('/') {
                Some((range, step)) => (range, Some(self.step(step, text)?)),
                None => (part, None),
            };
            let (from, to) = self.range(range, step.is_some(), text)?;
            let span = if from <= to { to - from } else { self.circle() - from + to };
            for value in (0..=span).step_by(step.unwrap_or(1)) {
                values.insert(self.on_circle(from + value));
            }
        }
        Ok(values)
    }

    fn range(&self, range: &str, stepped: bool, text: &str) -> Result<(u32, u32), CalendarError> {
        let last = self.least + self.circle() - 1;
        if range == "*" || range == "?" && (self.name == DAY.name || self.name == WEEKDAY.name) {
            return Ok((self.least, last));
        }
        let Some((from, to)) = range.split_once('-') else {
            let value = self.value(range, text)?;
            return Ok((self.on_circle(value), if stepped { last } else { self.on_circle(value) }));
        };
        let (from, to) = (self.value(from, text)?, self.value(to, text)?);
        // `5-7` is Friday to Sunday; only the week goes round.
        let from = self.on_circle(from);
        if from > to && self.name != WEEKDAY.name {
            return Err(self.error(text, format!("{from} comes after {to}")));
        }
        Ok((from, to))
    }

    fn step(&self, step: &str, text: &str) -> Result<usize, CalendarError> {
        match step.parse::<u32>() {
            Ok(step) if (1..=self.circle()).contains(&step) => Ok(step as usize),
            _ => Err(self.error(text, format!("a step is 1 to {}, not `{step}`", self.circle()))),
        }
    }

    fn value(&self, word: &str, text: &str) -> Result<u32, CalendarError> {
        let lower = word.to_ascii_lowercase();
        if let Some(place) = self.names.iter().position(|name| *name == lower) {
            return Ok(self.first_name + u32::try_from(place).unwrap_or_default());
        }
        let digits = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
        match word.parse::<u32>() {
            Ok(value) if digits && (self.least..=self.most).contains(&value) => Ok(value),
            _ if digits => {
                Err(self.error(text, format!("it goes from {} to {}", self.least, self.most)))
            }
            _ => Err(self.error(text, format!("`{word}` is no number"))),
        }
    }

    /// Returns how many different values there are.
    fn circle(&self) -> u32 {
        if self.name == WEEKDAY.name { 7 } else { self.most - self.least + 1 }
    }

    fn on_circle(&self, value: u32) -> u32 {
        if self.name == WEEKDAY.name { value % 7 } else { value }
    }

    fn written(&self, values: &BTreeSet<u32>) -> String {
        if values.len() == self.circle() as usize {
            return "*".to_owned();
        }
        values.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
    }

    fn error(&self, text: &str, reason: String) -> CalendarError {
        CalendarError::Field {
            field: self.name,
            text: text.to_owned(),
            reason,
            example: self.example,
        }
    }
}
