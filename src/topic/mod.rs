//! `Item` + topics → taggings, each with its evidence.
