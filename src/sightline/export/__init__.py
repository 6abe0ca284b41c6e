"""Models as ONNX files: preprocessing in the graph, and a report of what it costs in accuracy."""
