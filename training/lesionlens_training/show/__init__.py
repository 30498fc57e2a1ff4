"""What people look at: figures, the card's tables, galleries, curves."""
