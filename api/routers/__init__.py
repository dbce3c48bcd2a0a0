"""Routes: parse, one service call, answer."""
