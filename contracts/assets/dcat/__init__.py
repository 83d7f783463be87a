"""Data catalogues (DCAT-US 1.1, DCAT 3) as registrations, with a report for each entry; and back."""

from contracts.assets.dcat.catalogue import Imported, ImportedEntry, import_catalogue
from contracts.assets.dcat.export import export_catalogue

__all__ = ["Imported", "ImportedEntry", "export_catalogue", "import_catalogue"]
