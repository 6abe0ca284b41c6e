"""PDP: patch-level gaze distribution prediction (Miao, Hoai and Samaras, WACV 2023)."""
