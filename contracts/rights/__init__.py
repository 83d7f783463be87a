"""Who may do what with an asset: rights that derive from each other and are never wider."""
