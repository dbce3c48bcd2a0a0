"""Districts: areas of like load around their sources."""
