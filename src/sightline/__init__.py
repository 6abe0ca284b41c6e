"""Gaze following: who looks at what in images, videos and panoramas."""
