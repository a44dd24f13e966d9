//! What each crash leaves, and what the next start makes of it (docs/QUEUE.md).
