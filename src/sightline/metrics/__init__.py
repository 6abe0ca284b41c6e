"""Metrics: pure functions with one value per person, and the scores made of them."""
