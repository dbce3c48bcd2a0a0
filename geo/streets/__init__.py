"""Street networks: reading, weighting, snapping, travel times, isochrones."""
