//! The database: schema, migrations, locks.
