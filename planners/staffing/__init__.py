"""How many units by hour: queues, response, standards, and the shifts that field them."""
