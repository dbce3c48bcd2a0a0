"""Where things are kept: the port, its adapters, and the exchange of files."""
