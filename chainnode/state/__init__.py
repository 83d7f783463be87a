"""Key layout, the overlay a block executes on, and the authenticated state tree."""
