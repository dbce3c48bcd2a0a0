"""Analysis cells: squares, hexagons, given areas and street segments, with their neighbours."""
