//! What the journeys share: servers on loopback, scripted worlds.
