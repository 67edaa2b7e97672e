"""What the product is measured beside. These are scripts of another environment, run by their paths: each takes
arguments, prints one JSON document, and imports nothing of the product."""
