//! How parts of a newsletter look, as far as its elements, classes and styles say.

use std::collections::HashMap;

use scraper::ElementRef;

use crate::model::{Budget, Exhausted};

/// What an element hands down.
#[derive(Clone, Copy, Default)]
pub(super) struct Style {
    pub(super) size: u16,
    pub(super) is_bold: bool,
    pub(super) is_heading: bool,
    pub(super) is_hidden: bool,
    /// It stands in a box of its own, whatever its element. Not handed down.
    pub(super) is_parted: bool,
}

pub(super) fn style_of(
    element: ElementRef<'_>,
    above: Style,
    classes: &HashMap<&str, &str>,
) -> Style {
    let mut style = Style { is_parted: false, ..above };
    match element.value().name() {
        "h1" => (style.size, style.is_bold, style.is_heading) = (30, true, true),
        "h2" => (style.size, style.is_bold, style.is_heading) = (24, true, true),
        "h3" => (style.size, style.is_bold, style.is_heading) = (19, true, true),
        "h4" => (style.size, style.is_bold, style.is_heading) = (16, true, true),
        "h5" => (style.size, style.is_bold, style.is_heading) = (15, true, true),
        "h6" => (style.size, style.is_bold, style.is_heading) = (14, true, true),
        "b" | "strong" | "th" | "u" => style.is_bold = true,
        "font" => {
            let size = element.attr("size").and_then(|size| size.trim().parse::<i16>().ok());
            if let Some(size) = size {
                style.size =
                    [10, 13, 15, 18, 24, 32][usize::try_from((size - 1).clamp(0, 5)).unwrap_or(2)];
            }
        }
        _ => {}
    }
    for class in element.value().classes().take(20) {
        if let Some(rules) = classes.get(class) {
            apply(rules, &mut style);
        }
    }
    apply(element.attr("style").unwrap_or_default(), &mut style);
    style
}

fn apply(rules: &str, style: &mut Style) {
    let rules = rules.to_ascii_lowercase();
    for rule in rules.split(';').take(60) {
        let Some((name, value)) = rule.split_once(':') else { continue };
        let value = value.trim();
        match name.trim() {
            "font-size" => style.size = pixels(value).unwrap_or(style.size),
            "font-weight" => {
                style.is_bold = value.starts_with("bold")
                    || value.parse::<u16>().is_ok_and(|weight| weight >= 600);
            }
            "display" => {
                style.is_hidden |= value.starts_with("none");
                style.is_parted = ["block", "flex", "grid", "table", "list-item"]
                    .iter()
                    .any(|box_| value.starts_with(box_));
            }
            "mso-hide" => style.is_hidden |= value == "all",
            _ => {}
        }
    }
}

/// The rules of style sheets for one class alone: `.titel { font-size: 22px }`. Those for narrow
/// screens stand within others and are passed over.
pub(super) fn classes<'a>(
    source: &'a str,
    budget: &Budget,
) -> Result<HashMap<&'a str, &'a str>, Exhausted> {
    const MOST: usize = 500;
    let mut classes = HashMap::new();
    budget.step(source.len())?;
    let sheets = source.split("<style").skip(1).take(10);
    for sheet in sheets.filter_map(|sheet| sheet.split("</style").next()) {
        for rule in sheet.split('}').take(MOST) {
            let Some((names, rules)) = rule.rsplit_once('{') else { continue };
            if names.contains('{') || rules.contains("none") {
                continue;
            }
            for name in names.rsplit(['>', ';', '/']).next().unwrap_or(names).split(',') {
                let name = name.trim().rsplit_once('.').filter(|(before, _)| !before.contains(' '));
                if let Some((_, class)) = name {
                    classes.entry(class).or_insert(rules);
                }
            }
        }
    }
    Ok(classes)
}

fn pixels(value: &str) -> Option<u16> {
    let end = value.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(value.len());
    let (number, unit) = value.split_at(end);
    let whole: u16 = number.split('.').next()?.parse().ok()?;
    match unit.trim() {
        "pt" => Some(whole.saturating_mul(4) / 3),
        "px" | "" => Some(whole),
        _ => None,
    }
    .filter(|size| (6..=80).contains(size))
}
