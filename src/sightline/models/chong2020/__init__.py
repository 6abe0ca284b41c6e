"""The CVPR 2020 baseline: detecting attended targets in pictures and video (Chong et al.)."""
