"""From slices to training batches: crops, synthesis, targets."""
