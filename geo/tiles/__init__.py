"""Map tiles made on this machine: vector tiles of streets and areas, heat tiles of calls."""
