"""GazeFollow360: gaze in panoramas by a direction, two regions and their fusion."""
