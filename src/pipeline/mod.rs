//! The journeys, each a function that reads like its name.
