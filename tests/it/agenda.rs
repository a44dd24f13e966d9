//! Deadlines and events from the text of an item to where readers see them.

use amtsbote::agenda::words::say;
use amtsbote::model::{ItemId, Timestamp};
use amtsbote::store::{dates, items};

use crate::support::desk::{Desk, Entry, entry, feed_source};

/// Returns the stored dates of all items in words, with the day each moved from.
async fn agenda(desk: &Desk) -> Vec<String> {
    desk.ctx
        .store
        .read(|tx| {
            let mut said = Vec::new();
            for item in items::since(tx, Timestamp(0), ItemId(0), 100)? {
                for kept in dates::of_item(tx, item.id)? {
                    let moved = kept.moved_from.map(|day| format!(" (was {day})"));
                    said.push(format!("{}{}", say(&kept.date), moved.unwrap_or_default()));
                }
            }
            Ok(said)
        })
        .await
        .unwrap()
}

fn telling(text: &str) -> Entry {
    Entry { text: text.to_owned(), ..entry(1) }
}

#[tokio::test(start_paused = true)]
async fn a_deadline_is_stored_with_its_item_and_moves_with_its_text() {
    let desk = Desk::new(&feed_source("amt", "")).await;
    desk.read("amt", &[telling("OZG-Mittel: Bewerbungen sind bis zum 30. Januar 2026 möglich.")])
        .await;
    assert_eq!(agenda(&desk).await, ["bis 30. Januar 2026"]);
    desk.read("amt", &[telling("OZG-Mittel: Bewerbungen sind bis zum 13. Februar 2026 möglich.")])
        .await;
    assert_eq!(agenda(&desk).await, ["bis 13. Februar 2026 (was 2026-01-30)"]);
    desk.read("amt", &[telling("OZG-Mittel: Der Wettbewerb ist beendet.")]).await;
    assert_eq!(agenda(&desk).await, [""; 0]);
}
