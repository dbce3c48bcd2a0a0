"""What runs in the confined child: one reader a family of formats, then the checks that every layer must pass."""
