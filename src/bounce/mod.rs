//! What a returned message means.
