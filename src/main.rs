//! The binary: arguments in, exit code out.

use std::io::Write as _;
use std::process::ExitCode;

use amtsbote::cli;

fn main() -> ExitCode {
    // A parser's panic may quote what it was given, and that belongs in no log: the place
    // in the program is what its authors need.
    std::panic::set_hook(Box::new(|fault| {
        let place = fault.location().map_or_else(String::new, |place| format!(" at {place}"));
        let _ = writeln!(std::io::stderr(), "a fault of the program{place}");
    }));
    let variables = std::env::vars_os()
        .filter_map(|(name, value)| name.into_string().ok().zip(value.into_string().ok()));
    let environment = cli::Environment::new(&variables.collect());
    match cli::run(std::env::args_os(), &environment) {
        Ok(exit) => exit.into(),
        Err(error) => {
            // A reader that has seen enough (`amtsbote items | head`) is no fault.
            if cli::is_broken_pipe(&error) {
                return ExitCode::SUCCESS;
            }
            let _ = write!(std::io::stderr(), "{}", cli::render_error(&error));
            cli::exit_of(&error).into()
        }
    }
}
