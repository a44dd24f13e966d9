//! `pdf-text`: reads the text of one PDF in a process without rights.
//!
//! Not for people: the service starts it for each PDF, so that a hostile one can
//! exhaust, hang or crash nothing but this process.

use std::io::{Read as _, Write as _};

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, RestrictionStatus, Ruleset, RulesetAttr as _,
    RulesetError,
};
use rlimit::Resource;

use super::Exit;
use crate::extract::pdf;

/// Most bytes of memory, well below what the unit grants the whole service.
const MEMORY: u64 = 400 << 20;
/// Most seconds of computing.
const SECONDS: u64 = 15;
/// Most bytes of a PDF; `fetch.max_bytes` bounds it before.
const MOST_BYTES: u64 = 64 << 20;

/// Reads a PDF from stdin, prints what it says as one line of JSON.
pub(super) fn run() -> anyhow::Result<Exit> {
    confine()?;
    let mut bytes = Vec::new();
    std::io::stdin().lock().take(MOST_BYTES).read_to_end(&mut bytes)?;
    let read = pdf::read(&bytes);
    // A line of its own: the crate below may print.
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "\n{}", serde_json::to_string(&read)?)?;
    Ok(Exit::Done)
}

/// Gives up what reading needs not: memory, time, files, processes, network.
fn confine() -> anyhow::Result<()> {
    // If memory runs out all the same, the kernel shall end this process and not the service.
    let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
    rlimit::setrlimit(Resource::AS, MEMORY, MEMORY)?;
    rlimit::setrlimit(Resource::CPU, SECONDS, SECONDS)?;
    for nothing in [Resource::CORE, Resource::FSIZE, Resource::NPROC] {
        rlimit::setrlimit(nothing, 0, 0)?;
    }
    // Fails on kernels without Landlock; the limits above hold anyway.
    let _ = without_files_and_network();
    Ok(())
}

fn without_files_and_network() -> Result<RestrictionStatus, RulesetError> {
    let abi = ABI::V5;
    Ruleset::default()
        .handle_access(AccessFs::from_all(abi))?
        .handle_access(AccessNet::from_all(abi))?
        .create()?
        .restrict_self()
}
