"""Pure tensor functions on boxes, points, heatmaps and panoramas; they import nothing of ours."""
