"""The head detector of the house, as a model that `sightline train` can train."""
