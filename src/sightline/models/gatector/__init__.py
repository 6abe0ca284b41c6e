"""GaTector: a unified framework for gaze object prediction (Wang et al., CVPR 2022)."""
