//! The binary: arguments in, exit code out.

use std::io::Write as _;
use std::process::ExitCode;

use amtsbote::cli;

fn main() -> ExitCode {
    cli::tell_faults_by_place();
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
