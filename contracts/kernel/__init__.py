"""How operations are read, authorised and applied; what they mean is in the families beside it."""
