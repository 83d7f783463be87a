"""The life of public data, every step of it evidence: catalogued, opened, authorised for operation, used, withdrawn."""
