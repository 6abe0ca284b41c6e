"""Pure metric functions, one value per person."""
