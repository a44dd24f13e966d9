//! What is wrong with a line of a TOML file, in words that name the mistake. The parser says what
//! it expected; whoever wrote the line wants to know what to write.

/// Quotation marks of word processors.
const TYPOGRAPHIC: &[char] = &['„', '“', '”', '‟', '‚', '‘', '’', '«', '»', '‹', '›'];

/// Returns the complaint about the place `at` of a file: the parser's own where it is the better
/// one.
pub(super) fn complaint(said: &str, text: &str, at: usize) -> String {
    let before = text.get(..at).unwrap_or_default();
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = text.get(start..).unwrap_or_default().lines().next().unwrap_or_default();
    let rest = text.get(at..).unwrap_or_default().lines().next().unwrap_or_default();
    let (key, value) = line
        .split_once('=')
        .map_or((line.trim(), None), |(key, value)| (key.trim(), Some(value.trim())));
    // The end of a value is at fault where its beginning is none.
    let first = rest.chars().next().or_else(|| value?.chars().next());
    if let Some(mark) = first.filter(|first| TYPOGRAPHIC.contains(first)) {
        return format!("`{mark}` is a quotation mark of a word processor; TOML takes `\"` or `'`");
    }
    let ends = |c: char| c.is_whitespace() || matches!(c, ',' | ']' | '}' | '#');
    let word = rest.split(ends).next().unwrap_or_default();
    let told = |part: &str| said.contains(part);
    if told("must be quoted") || told("invalid boolean") {
        let small = word.to_lowercase();
        return match small.as_str() {
            "true" | "false" => format!("`{word}` is written in small letters: `{small}`"),
            _ => format!("text stands in quotation marks: `\"{word}\"`"),
        };
    }
    if told("duplicate key") {
        return format!("the key `{key}` stands twice; take one of the lines out");
    }
    if told("invalid basic string") || told("invalid literal string") {
        return "the quotation mark is not closed on its line".to_owned();
    }
    if told("unicode") || told("escape") {
        return "a backslash means something else in `\"…\"`; write the text as `'…'`".to_owned();
    }
    if told("unquoted key") || told("key with no value") {
        return of_key(key, value.is_some()).unwrap_or_else(|| said.to_owned());
    }
    said.to_owned()
}

/// Returns what is wrong with what stands where a key should.
fn of_key(key: &str, has_value: bool) -> Option<String> {
    if let Some((name, _)) = key.split_once(':').filter(|_| !key.starts_with(['"', '\''])) {
        let name = name.trim();
        return Some(format!("between a key and its value stands `=`: `{name} = …`"));
    }
    if !has_value {
        return Some(format!(
            "`{key}` has no value; a line is `key = value`, a remark begins with `#`"
        ));
    }
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let wrong = key.chars().find(|c| !is_plain(*c))?;
    let shown = if wrong.is_whitespace() { "a space".to_owned() } else { format!("`{wrong}`") };
    Some(format!("`{key}` is no key: {shown} stands in none"))
}
