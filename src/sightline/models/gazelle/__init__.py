"""Gaze-LLE: gaze from a frozen encoder (Ryan et al., CVPR 2025)."""
