//! When: the next poll of a source, the calendar of a series.

pub mod calendar;
pub mod holidays;
pub mod polling;
pub mod watch;
