//! The types of settings that any table may use.

use std::num::NonZero;
use std::path::PathBuf;
use std::time::Duration;

use chrono_tz::Tz;
use secrecy::SecretString;

use super::{
    Bound, Content, Field, Place, Reader, Setting, TextSetting, Value, not_one_of, parse_bytes,
    parse_duration, suggestion,
};
use crate::model::Network;

impl<T: TextSetting> Setting for T {
    fn form() -> String {
        T::FORM.to_owned()
    }

    fn take(reader: &mut Reader<'_>, field: &Field, value: &Value) -> Option<Self> {
        let Content::Text(text) = &value.content else {
            return reader.mismatch(field.key, value, "text");
        };
        let checked = match field.bound {
            _ if text.trim().is_empty() => Ok(()),
            Bound::Text(_, check) => check(text.trim()),
            Bound::OneOf(words) if !words().contains(&text.as_str()) => {
                Err(not_one_of(text, &words()))
            }
            _ => Ok(()),
        };
        let parsed = checked.and_then(|()| T::parse(text)).and_then(|found| {
            let judged = matches!(field.bound, Bound::NotZero) || field.default.is_none();
            match found.zero() {
                Some(complaint) if judged => Err(complaint.to_owned()),
                _ => Ok(found),
            }
        });
        parsed.map_err(|message| reader.problem_at(value.place.clone(), field.key, message)).ok()
    }

    fn content(&self) -> Content {
        Content::Text(self.text())
    }
}

impl TextSetting for String {
    const FORM: &'static str = "text";

    fn parse(text: &str) -> Result<Self, String> {
        Ok(text.to_owned())
    }

    fn text(&self) -> String {
        self.clone()
    }

    fn zero(&self) -> Option<&'static str> {
        self.trim().is_empty().then_some("must not be empty")
    }
}

/// Empty text is none.
impl<T: TextSetting> TextSetting for Option<T> {
    const FORM: &'static str = T::FORM;

    fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.is_empty() { Ok(None) } else { T::parse(text).map(Some) }
    }

    fn text(&self) -> String {
        self.as_ref().map(T::text).unwrap_or_default()
    }

    fn zero(&self) -> Option<&'static str> {
        self.as_ref().and_then(T::zero)
    }
}

impl TextSetting for Duration {
    const FORM: &'static str = "duration";

    fn parse(text: &str) -> Result<Self, String> {
        parse_duration(text)
            .ok_or_else(|| format!("`{text}` is not a duration such as `90s`, `15m`, `2h` or `7d`"))
    }

    fn text(&self) -> String {
        let milliseconds = self.as_millis();
        if !milliseconds.is_multiple_of(1000) {
            return format!("{milliseconds}ms");
        }
        in_units(self.as_secs(), &[(31_536_000, "y"), (86_400, "d"), (3600, "h"), (60, "m")], "s")
    }

    fn zero(&self) -> Option<&'static str> {
        self.is_zero().then_some("must be longer than nothing")
    }
}

/// A size in bytes.
impl TextSetting for u64 {
    const FORM: &'static str = "size";

    fn parse(text: &str) -> Result<Self, String> {
        parse_bytes(text)
            .ok_or_else(|| format!("`{text}` is not a size such as `512KiB` or `10MiB`"))
    }

    fn text(&self) -> String {
        in_units(*self, &[(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")], "B")
    }

    fn zero(&self) -> Option<&'static str> {
        (*self == 0).then_some("must be more than nothing")
    }
}

/// Writes a number in the largest unit that divides it.
fn in_units(number: u64, units: &[(u64, &str)], smallest: &str) -> String {
    let fits = |size: &u64| number > 0 && number.is_multiple_of(*size);
    let unit = units.iter().find(|(size, _)| fits(size)).copied();
    let (size, unit) = unit.unwrap_or((1, smallest));
    format!("{}{unit}", number / size)
}

impl TextSetting for Tz {
    const FORM: &'static str = "time zone";

    fn parse(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| {
            let names: Vec<&str> = chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name()).collect();
            let nearest = suggestion(text, &names);
            format!("`{text}` is no time zone such as `Europe/Berlin`{nearest}")
        })
    }

    fn text(&self) -> String {
        self.name().to_owned()
    }
}

impl TextSetting for Network {
    const FORM: &'static str = "network";

    fn parse(text: &str) -> Result<Self, String> {
        text.trim()
            .parse()
            .map_err(|_| format!("`{text}` is no network such as `127.0.0.0/8` or `::1/128`"))
    }

    fn text(&self) -> String {
        self.to_string()
    }
}

impl<T: TextSetting> Setting for Vec<T> {
    fn form() -> String {
        format!("list of {}s", T::FORM)
    }

    fn take(reader: &mut Reader<'_>, field: &Field, value: &Value) -> Option<Self> {
        let Content::Array(values) = &value.content else {
            return reader.mismatch(field.key, value, "a list of texts");
        };
        Some(values.iter().filter_map(|value| T::take(reader, field, value)).collect())
    }

    fn content(&self) -> Content {
        let at = Place { file: "".into(), line: 0, column: 0 };
        Content::Array(
            self.iter().map(|one| Value { place: at.clone(), content: one.content() }).collect(),
        )
    }
}

impl Setting for bool {
    fn form() -> String {
        "true or false".to_owned()
    }

    fn take(reader: &mut Reader<'_>, field: &Field, value: &Value) -> Option<Self> {
        match value.content {
            Content::Boolean(boolean) => Some(boolean),
            _ => reader.mismatch(field.key, value, "true or false"),
        }
    }

    fn content(&self) -> Content {
        Content::Boolean(*self)
    }
}

impl Setting for f64 {
    fn form() -> String {
        "number".to_owned()
    }

    fn take(reader: &mut Reader<'_>, field: &Field, value: &Value) -> Option<Self> {
        match value.content {
            #[expect(clippy::cast_precision_loss, reason = "settings are small numbers")]
            Content::Integer(number) => Some(number as Self),
            Content::Float(number) => Some(number),
            _ => reader.mismatch(field.key, value, "a number"),
        }
    }

    fn content(&self) -> Content {
        Content::Float(*self)
    }
}

fn whole(reader: &mut Reader<'_>, field: &Field, value: &Value) -> Option<i64> {
    let Content::Integer(number) = value.content else {
        return reader.mismatch(field.key, value, "a whole number");
    };
    match field.bound {
        Bound::Range(from, to) if !(from..=to).contains(&number) => {
            reader.problem(field.key, format!("must be {from} to {to}, not {number}"));
            None
        }
        _ => Some(number),
    }
}

macro_rules! whole_numbers {
    ($($type:ty)*) => { $(
        impl Setting for $type {
            fn form() -> String {
                "whole number".to_owned()
            }

            fn take(reader: &mut Reader<'_>, field: &Field, value: &Value) -> Option<Self> {
                let number = whole(reader, field, value)?;
                let fitting = Self::try_from(number).ok();
                if fitting.is_none() {
                    reader.problem(field.key, format!("must not be {number}"));
                }
                fitting
            }

            fn content(&self) -> Content {
                Content::Integer(i64::try_from(*self).unwrap_or(i64::MAX))
            }
        }
    )* };
}
whole_numbers!(u8 u16 u32 usize);

/// Zero is none.
impl Setting for Option<NonZero<u32>> {
    fn form() -> String {
        u32::form()
    }

    fn take(reader: &mut Reader<'_>, field: &Field, value: &Value) -> Option<Self> {
        u32::take(reader, field, value).map(NonZero::new)
    }

    fn content(&self) -> Content {
        self.map_or(0, NonZero::get).content()
    }
}

/// A path; a relative one is relative to the folder of the config.
impl Setting for PathBuf {
    fn form() -> String {
        "path".to_owned()
    }

    fn take(reader: &mut Reader<'_>, field: &Field, value: &Value) -> Option<Self> {
        let text = String::take(reader, field, value)?;
        Some(reader.around().directory().join(text.trim()))
    }

    fn content(&self) -> Content {
        Content::Text(self.display().to_string())
    }
}

/// Empty text is none.
impl Setting for Option<PathBuf> {
    fn form() -> String {
        PathBuf::form()
    }

    fn take(reader: &mut Reader<'_>, field: &Field, value: &Value) -> Option<Self> {
        match <Option<String> as Setting>::take(reader, field, value)? {
            Some(_) => PathBuf::take(reader, field, value).map(Some),
            None => Some(None),
        }
    }

    fn content(&self) -> Content {
        self.as_ref().map_or(Content::Text(String::new()), PathBuf::content)
    }
}

/// The folder of systemd's credentials, as systemd.unit(5) abbreviates it.
const CREDENTIALS: &str = "%d/";

/// A file that the config names, with its bytes. `%d/NAME` is the credential of that name.
#[derive(Clone, Default)]
pub struct NamedFile {
    /// Where it lies; none if no file is named.
    pub path: Option<PathBuf>,
    pub bytes: Vec<u8>,
}

impl std::fmt::Debug for NamedFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.path.fmt(f)
    }
}

impl Setting for NamedFile {
    fn form() -> String {
        "file, or %d/NAME for a credential".to_owned()
    }

    fn take(reader: &mut Reader<'_>, field: &Field, value: &Value) -> Option<Self> {
        let Some(text) = <Option<String> as Setting>::take(reader, field, value)? else {
            return Some(Self::default());
        };
        let text = text.trim();
        let (path, read) = match text.strip_prefix(CREDENTIALS) {
            Some(name) => (PathBuf::from(text), reader.around().credential(name)),
            None => {
                let path = reader.around().directory().join(text);
                let read = reader.around().read(&path);
                (path, read)
            }
        };
        let bytes = read
            .map_err(|error| {
                let shown = path.strip_prefix(reader.around().directory()).unwrap_or(&path);
                let message = format!("cannot read `{}`: {error}", shown.display());
                reader.problem_at(value.place.clone(), field.key, message);
            })
            .ok()?;
        Some(Self { path: Some(path), bytes })
    }

    fn content(&self) -> Content {
        self.path.content()
    }
}

/// A secret: from the file that the key names, else from the environment, else a credential.
#[derive(Debug, Clone, Default)]
pub struct Secret {
    /// The file that the key names.
    pub file: Option<PathBuf>,
    /// The secret, from wherever it came.
    pub value: Option<SecretString>,
}

impl Setting for Secret {
    fn form() -> String {
        "file that holds the secret".to_owned()
    }

    fn take(reader: &mut Reader<'_>, field: &Field, value: &Value) -> Option<Self> {
        let named = NamedFile::take(reader, field, value)?;
        let Some(path) = named.path else {
            let Bound::Credential(name) = field.bound else { return Some(Self::default()) };
            let value = reader.around().secret(name);
            let value = value.map_err(|message| reader.problem(field.key, message)).ok()?;
            return Some(Self { file: None, value });
        };
        if reader.around().is_public(&path) {
            let message = format!(
                "every user of this machine can read `{0}`; `chmod o-r {0}` keeps it secret",
                path.display()
            );
            reader.warn(field.key, message);
        }
        let secret = secret_of(named.bytes);
        if secret.is_none() {
            reader.problem(field.key, format!("`{}` is empty or not text", path.display()));
        }
        Some(Self { file: Some(path), value: Some(secret?) })
    }

    fn content(&self) -> Content {
        self.file.content()
    }

    fn has_secret(&self) -> bool {
        self.value.is_some()
    }
}

/// Returns the text of a secret's file without the line break at its end; nothing if it is none.
pub fn secret_of(bytes: Vec<u8>) -> Option<SecretString> {
    let text = String::from_utf8(bytes).ok()?;
    let text = text.trim_end_matches(['\r', '\n']);
    (!text.is_empty()).then(|| SecretString::from(text.to_owned()))
}
