"""``python -m api.cli`` is the command ``xunge``."""

from api.cli.main import main

main()
