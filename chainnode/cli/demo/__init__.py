"""A network that shows itself at work and proves what it claims."""
