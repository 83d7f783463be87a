"""Data catalogues (DCAT-US 1.1, DCAT 3) as registrations, with a report for each entry."""

from contracts.assets.dcat.catalogue import Imported, ImportedEntry, import_catalogue

__all__ = ["Imported", "ImportedEntry", "import_catalogue"]
