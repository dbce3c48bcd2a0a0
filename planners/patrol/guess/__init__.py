"""How guessable patrols are: near-equal plans, entropy, a predictor, a floor, and the game against a watcher."""
