"""A small 3D world rendered by ray casting, with the truth about who looks where."""
