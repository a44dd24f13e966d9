//! READ: what the kinds of source share: documents out of noise, text out of markup, dates out of German.
