//! How a command ends.

use std::process::ExitCode;

use crate::config::ConfigError;
use crate::daemon::{AssembleError, DaemonError, LockError};
use crate::model::Retry;
use crate::pipeline::PipelineError;
use crate::store::StoreError;
use crate::text::{harmless, harmless_line};

/// The exit codes, the same for every command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// 0: done.
    Done,
    /// 1: a finding, or something failed.
    Failure,
    /// 2: wrong usage or config.
    Usage,
    /// 2: what a monitoring plugin found is critical.
    Critical,
    /// 3: a monitoring plugin could not look.
    Unknown,
    /// 75: try again (`EX_TEMPFAIL` of sysexits).
    TryAgain,
}

impl Exit {
    /// Returns the number.
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failure => 1,
            Self::Usage | Self::Critical => 2,
            Self::Unknown => 3,
            Self::TryAgain => 75,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// A wrong use that clap cannot see, for example a name that does not exist.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct UsageError {
    /// What is wrong.
    pub message: String,
    /// What to do, if more than the message says is known.
    pub hint: Option<String>,
}

impl UsageError {
    /// Returns an error with that message.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None }
    }

    /// Returns the error for a name that does not exist: the one that was likely meant, else the
    /// command that lists them.
    pub fn unknown(what: &str, name: &str, known: &[&str], list: &str) -> Self {
        let suggestion = crate::model::suggestion(name, known);
        let hint = suggestion.is_empty().then(|| format!("`{list}` lists them"));
        Self { message: format!("there is no {what} `{name}`{suggestion}"), hint }
    }
}

/// Returns how the command ends because of this error.
pub fn exit_of(error: &anyhow::Error) -> Exit {
    if error.is::<ConfigError>() || error.is::<UsageError>() {
        return Exit::Usage;
    }
    let retry = causes(error).find_map(|cause| {
        let store = cause.downcast_ref::<StoreError>().map(StoreError::retry);
        store.or_else(|| cause.downcast_ref::<PipelineError>().map(PipelineError::retry))
    });
    if retry.is_some_and(|retry| retry != Retry::Never) {
        return Exit::TryAgain;
    }
    if matches!(error.downcast_ref(), Some(PipelineError::Unknown { .. })) {
        return Exit::Usage;
    }
    Exit::Failure
}

type Cause<'a> = &'a (dyn std::error::Error + 'static);

/// Returns the chain of causes, with those that a transparent error of the daemon stands for.
fn causes(error: &anyhow::Error) -> impl Iterator<Item = Cause<'_>> {
    error.chain().flat_map(|cause| {
        let inner: Option<Cause<'_>> = match cause.downcast_ref::<DaemonError>() {
            Some(DaemonError::Assemble(inner)) => Some(inner),
            Some(DaemonError::Lock(inner)) => Some(inner),
            Some(DaemonError::Pipeline(inner)) => Some(inner),
            _ => None,
        };
        std::iter::once(cause).chain(inner)
    })
}

/// Returns the error as it is printed: the chain on one line, then the hint.
pub fn render_error(error: &anyhow::Error) -> String {
    if let Some(config) = error.downcast_ref::<ConfigError>() {
        return format!("{}\n", harmless(config.to_string().trim_end()));
    }
    let mut text = format!("error: {}\n", harmless_line(&format!("{error:#}")));
    if let Some(hint) = hint(error) {
        text.push_str(&format!("hint: {hint}\n"));
    }
    text
}

fn hint(error: &anyhow::Error) -> Option<String> {
    causes(error).find_map(|cause| {
        if let Some(error) = cause.downcast_ref::<UsageError>() {
            return error.hint.clone();
        }
        if let Some(error) = cause.downcast_ref::<StoreError>() {
            return error.hint().map(str::to_owned);
        }
        if let Some(error) = cause.downcast_ref::<PipelineError>() {
            return error.hint().map(str::to_owned);
        }
        if let Some(error) = cause.downcast_ref::<crate::fetch::FetchError>() {
            return error.hint();
        }
        if let Some(LockError::Taken { .. }) = cause.downcast_ref::<LockError>() {
            return Some("stop it with `systemctl stop amtsbote`, or leave the work to it".to_owned());
        }
        if let Some(AssembleError::KeyMissing { .. }) = cause.downcast_ref::<AssembleError>() {
            return Some("restore it from the backup, or hand over the credential `amtsbote-key` that the service has; a new key breaks the links of all mails sent".to_owned());
        }
        if let Some(AssembleError::KeyForeign) = cause.downcast_ref::<AssembleError>() {
            return Some("hand over the key that the service has, or restore it from the backup; if it is lost, `amtsbote db rekey` makes the links of all readers anew, and those in mails sent no longer work".to_owned());
        }
        if let Some(AssembleError::DatabaseMissing { .. }) = cause.downcast_ref::<AssembleError>() {
            return Some("put a backup in its place with `amtsbote db restore FILE`; if there never was a database, `amtsbote db create` makes an empty one".to_owned());
        }
        if let Some(AssembleError::Key(_)) = cause.downcast_ref::<AssembleError>() {
            return Some("restore `secret.key` from the backup; a new key breaks the links of all mails sent".to_owned());
        }
        if let Some(DaemonError::Listen { .. }) = cause.downcast_ref::<DaemonError>() {
            return Some("choose another `web.listen`, or \"\" for no web face".to_owned());
        }
        None
    })
}

/// Returns whether whoever reads our output has closed it.
pub fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause
            .downcast_ref::<std::io::Error>()
            .is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_error_has_its_exit_code() {
        let table: [(anyhow::Error, u8); 6] = [
            (DaemonError::Pipeline(StoreError::Busy.into()).into(), 75),
            (UsageError::new("no such thing").into(), 2),
            (StoreError::Busy.into(), 75),
            (PipelineError::Store(StoreError::Full).into(), 75),
            (StoreError::Damaged("x".into()).into(), 1),
            (anyhow::anyhow!("anything"), 1),
        ];
        for (error, code) in table {
            assert_eq!(exit_of(&error).code(), code, "{error}");
        }
    }

    #[test]
    fn an_unknown_name_is_met_with_the_likely_one_or_with_the_list() {
        let known = ["kitu", "sgsa"];
        let shown = |name| {
            render_error(
                &UsageError::unknown("source", name, &known, "amtsbote source list").into(),
            )
        };
        assert_eq!(shown("ktu"), "error: there is no source `ktu`, did you mean `kitu`?\n");
        assert_eq!(
            shown("bundestag"),
            "error: there is no source `bundestag`\nhint: `amtsbote source list` lists them\n"
        );
    }

    #[test]
    fn a_closed_pipe_is_recognised_anywhere_in_the_chain() {
        let error = anyhow::Error::new(std::io::Error::from(std::io::ErrorKind::BrokenPipe));
        assert!(is_broken_pipe(&error.context("writing the list")));
        assert!(!is_broken_pipe(&anyhow::anyhow!("other")));
    }
}
