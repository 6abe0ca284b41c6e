"""Pure tensor functions on boxes, points and heatmaps; nothing of ours is imported here."""
