//! Documents say what holds: whatever can be executed in them is executed.
