"""The synthetic population: people, households and villages that add up to the census."""
