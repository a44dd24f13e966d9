//! Files that a command reads: `-` is stdin, and none is read without end.

use std::io::Read as _;
use std::path::Path;

use super::UsageError;

/// Returns at most `most` bytes of the file, and whether it has more.
pub(super) fn read(file: &Path, most: u64) -> anyhow::Result<(Vec<u8>, bool)> {
    let mut bytes = Vec::new();
    if file.as_os_str() == "-" {
        std::io::stdin().take(most + 1).read_to_end(&mut bytes)?;
    } else {
        let open = std::fs::File::open(file)
            .map_err(|error| UsageError::new(format!("`{}`: {error}", file.display())))?;
        open.take(most + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| UsageError::new(format!("`{}`: {error}", file.display())))?;
    }
    let is_cut = bytes.len() as u64 > most;
    if is_cut {
        bytes.pop();
    }
    Ok((bytes, is_cut))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_up_to_the_bound_and_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("f");
        std::fs::write(&file, "12345").unwrap();
        assert_eq!(read(&file, 5).unwrap(), (b"12345".to_vec(), false));
        assert_eq!(read(&file, 4).unwrap(), (b"1234".to_vec(), true));
        let error = read(&folder.path().join("gone"), 4).unwrap_err();
        assert_eq!(super::super::exit_of(&error), super::super::Exit::Usage);
        assert!(read(folder.path(), 4).is_err());
    }
}
