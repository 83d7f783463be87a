"""Who receives what an asset earns: rules, distributions along lineage, accounts."""
