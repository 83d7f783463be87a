"""The project's own files as real input, for a demo that was given none.

Every package, that is a folder with a README.md, becomes a data set of a DCAT-US catalogue and goes the way through
the importer that any catalogue goes; every source file becomes a piece of evidence.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec

import chainnode

DATASETS_MAX: Final = 200
FILES_MAX: Final = 500
DESCRIPTION_CHARS_MAX: Final = 1_000
PACKAGES: Final = ("chainnode", "consensus", "contracts")
_MEDIA_TYPES: Final = {".py": "text/x-python", ".md": "text/markdown", ".toml": "application/toml"}


def project_root() -> Path:
    """Folder that holds the project's packages."""
    return Path(chainnode.__file__).resolve().parents[1]


def build_catalogue(root: Path) -> bytes:
    """A DCAT-US 1.1 catalogue of the packages below ``root``."""
    packages = sorted(readme.parent for name in PACKAGES for readme in (root / name).rglob("README.md"))
    datasets = [_dataset(package, root) for package in packages[:DATASETS_MAX]]
    catalogue = {"conformsTo": "https://project-open-data.cio.gov/v1.1/schema", "dataset": datasets}
    return msgspec.json.encode(catalogue)


def source_files(root: Path) -> list[Path]:
    """The source files and READMEs of the packages, in the order of their paths."""
    found = (
        path
        for name in PACKAGES
        for path in sorted((root / name).rglob("*"))
        if path.suffix in (".py", ".md") and path.is_file() and path.stat().st_size
    )
    return [path for path, _ in zip(found, range(FILES_MAX), strict=False)]


def _dataset(package: Path, root: Path) -> dict[str, Any]:
    title, description = _introduction(package / "README.md")
    files = [path for path in sorted(package.iterdir()) if path.suffix in _MEDIA_TYPES and path.is_file()]
    newest = max(path.stat().st_mtime for path in files)
    name = package.relative_to(root).as_posix()
    return {
        "identifier": f"chainnode/{name}",
        "title": title or name,
        "description": description or title or name,
        "keyword": ["source code", *name.split("/")],
        "modified": datetime.fromtimestamp(newest, UTC).date().isoformat(),
        "publisher": {"name": "chainnode"},
        "accessLevel": "public",
        "license": "https://www.apache.org/licenses/LICENSE-2.0",
        "distribution": [
            {"title": path.name, "mediaType": _MEDIA_TYPES[path.suffix], "format": path.suffix.removeprefix(".")}
            for path in files[:20]
        ],
    }


def _introduction(readme: Path) -> tuple[str, str]:
    """Title and first paragraph of a README."""
    title = ""
    paragraph: list[str] = []
    for line in _lines(readme):
        if line.startswith("#"):
            if paragraph:
                break
            title = title or line.lstrip("# ").strip()
        elif line.strip():
            paragraph.append(line.strip())
        elif paragraph:
            break
    return title, " ".join(paragraph)[:DESCRIPTION_CHARS_MAX]


def _lines(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8", errors="replace") as file:
        for line, _ in zip(file, range(200), strict=False):
            yield line
