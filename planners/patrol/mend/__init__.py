"""A timetable of patrols as a temporal network: edits, replanning after events, re-solving around what is locked."""
