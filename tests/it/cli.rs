//! stdout, stderr and exit codes of the binary.
