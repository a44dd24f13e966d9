//! Sound copies of a database file: for a backup, and back again.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::{StoreError, migrate};

/// Creates the file so that only its owner can read it: addresses stand in it.
pub(super) fn private(path: &Path) {
    use std::os::unix::fs::OpenOptionsExt;
    // An existing file is left as it is; why it cannot be made, SQLite will say.
    let _ = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
}

/// Writes what `connection` sees to a new file that only its owner can read. A file or a
/// link that is there already is refused: SQLite would follow it, whoever laid it.
pub(super) fn write(connection: &Connection, target: &Path) -> Result<(), StoreError> {
    use std::os::unix::fs::OpenOptionsExt;
    std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(target)
        .map_err(|cause| StoreError::NotMade { path: target.display().to_string(), cause })?;
    let written = connection.execute("vacuum into ?1", [target.display().to_string()]);
    if written.is_err() {
        let _ = std::fs::remove_file(target);
    }
    written?;
    Ok(())
}

/// Copies a backup to a new file, if it is ours, sound, not newer than we are, and has
/// the tables and indexes of its version and nothing else: a trigger would work with
/// our rights. The backup is only read.
pub fn take(backup: &Path, target: &Path) -> Result<(), StoreError> {
    let path = backup.display().to_string();
    let connection = Connection::open_with_flags(backup, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let version = migrate::recognise(&connection, &path)?;
    if version == 0 {
        return Err(StoreError::Foreign { path });
    }
    migrate::compare_schema(&connection, version)?;
    let mut statement = connection.prepare("select * from pragma_integrity_check")?;
    let findings: Vec<String> =
        statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    if let Some(finding) = findings.iter().find(|finding| *finding != "ok") {
        return Err(StoreError::Damaged(finding.clone()));
    }
    write(&connection, target)
}
