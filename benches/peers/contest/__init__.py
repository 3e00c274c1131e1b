"""Contestants that do the same reservation, each in its own way, and the table of what they did."""
