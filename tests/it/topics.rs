//! The shipped topics against labelled texts.
