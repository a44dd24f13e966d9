//! What is said of a panic, caught or not.

use std::io::Write as _;

/// From now on a panic is told by its place in the program alone. A parser's panic may quote
/// what it was given, and that belongs in no log; the place is what its authors need.
pub fn tell_faults_by_place() {
    std::panic::set_hook(Box::new(|fault| {
        let place = fault.location().map_or_else(String::new, |place| format!(" at {place}"));
        let _ = writeln!(std::io::stderr(), "a fault of the program{place}");
    }));
}
