"""Films: who looks where and when, as a lazy stream and as results in a folder."""
