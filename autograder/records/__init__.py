"""The plain values that pass between the rooms: they import no room, and can be pickled and kept."""
