//! What several tables check: ids of rows, hosts of the example.

use crate::model::{Place, Reader};

/// Returns the `id` of a row: well formed, and not taken by a row before it.
pub(super) fn take_id(
    reader: &mut Reader<'_>,
    noun: &str,
    taken: &mut Vec<(String, Place)>,
) -> Option<String> {
    let id = reader.required_text("id")?;
    reader.rename(format!("{noun}.{id}"));
    if !crate::model::is_well_formed_id(&id) {
        reader.problem(
            "id",
            format!(
                "`{id}` is no id: up to 40 of a–z, 0–9 and inner hyphens, for example `ozg-portal`"
            ),
        );
        return None;
    }
    let place = reader.place_of("id").clone();
    if let Some((_, first)) = taken.iter().find(|(name, _)| *name == id) {
        reader.problem("id", format!("the id `{id}` is already taken at {first}"));
        return None;
    }
    taken.push((id.clone(), place));
    Some(id)
}

/// Returns whether an address or host still is the example's.
pub(super) fn is_example(host: &str) -> bool {
    ["example.de", "example.com", "example.org"]
        .iter()
        .any(|example| host == *example || host.ends_with(&format!(".{example}")))
}
