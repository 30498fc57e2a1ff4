"""The net: its graph, its loss, its integers, its file."""
