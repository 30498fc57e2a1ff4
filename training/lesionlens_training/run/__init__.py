"""Runs: training, mining, detection with a net."""
