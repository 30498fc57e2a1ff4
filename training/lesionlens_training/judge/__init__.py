"""What a net is worth: sets, detections, calibration, confusion, operating points."""
