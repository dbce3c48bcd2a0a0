"""The game of patrols against an attacker who knows how routes are drawn: zero-sum, solved by double oracle."""
