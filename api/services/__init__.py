"""Use cases, shared by HTTP and command line."""
