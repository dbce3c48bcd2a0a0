"""The ground: frames, tables, grids, calls, streets, tiles, stores."""
