"""A network of nodes on this machine: its files, its processes, its state."""
