//! `Item` + `Known` → `Verdict`, and the story an item belongs to.
