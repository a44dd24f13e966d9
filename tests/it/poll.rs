//! Events of a source and the verdicts they must lead to.
