//! The condition of a source whose items mostly do not matter: `only = ["term", …]`.

use super::reading::Found;
use crate::extract::html::text_of;
use crate::pipeline::SourcePlan;
use crate::text::clean_line;
use crate::topic::Subject;

/// Leaves out new items that hold none of the terms, and returns how many they are.
///
/// Looks at what the source itself says: asking for pages only to drop them would be rude.
pub(super) fn retain(source: &SourcePlan, found: &mut Vec<Found>) -> usize {
    let Some(only) = &source.only else { return 0 };
    let all = found.len();
    found.retain(|item| {
        let raw = &item.raw;
        let plain = |html: &Option<String>| html.as_deref().map(text_of);
        let texts = [plain(&raw.summary_html), plain(&raw.body_html)];
        let text = texts.into_iter().flatten().collect::<Vec<_>>().join("\n");
        let title = clean_line(&plain(&raw.title).unwrap_or_default(), 1_000);
        let subject = Subject {
            title: &title,
            text: &text,
            categories: &raw.categories,
            source: &source.configured.settings.id,
            source_topics: &[],
        };
        !item.is_new() || !only.tag(&subject).is_empty()
    });
    all - found.len()
}
