"""Tours of optional hot spots: the most prize that a number of units collects within a time (team orienteering)."""
