//! COMPOSE: select, group, cap; `Digest` → `Rendered`.
