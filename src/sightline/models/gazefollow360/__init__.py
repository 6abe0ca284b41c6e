"""GazeFollow360: where people look in 360-degree pictures (Li et al., ICCV 2021)."""
