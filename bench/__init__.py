"""Speed and memory, measured in one run so that the figures can be compared with each other. Not part of the office."""
