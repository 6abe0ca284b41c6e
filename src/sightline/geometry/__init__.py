"""Pure tensor functions on boxes, points, heatmaps, panoramas; they import nothing else of ours."""
