//! ASK: one request, bounded in time, bytes and place.
