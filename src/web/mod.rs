//! The web face: German, accessible, no JavaScript, no cookies.
