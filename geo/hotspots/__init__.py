"""Where and when calls gather."""
