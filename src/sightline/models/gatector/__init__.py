"""GaTector: gaze, objects and the gaze object by one network (Wang et al., CVPR 2022)."""
