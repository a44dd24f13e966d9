//! Files → checked `Config`.
