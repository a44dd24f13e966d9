//! What can be read off an item for a topic: one file per signal.
