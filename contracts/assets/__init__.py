"""What is registered: data resources, products, sets, models and services."""
