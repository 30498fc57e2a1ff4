"""What is on disk: DeepLesion's layout, truths, the cache, tissue maps, nodule patches."""
