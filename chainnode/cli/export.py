"""``chainnode asset export``: registered assets as a DCAT catalogue."""

import json
from pathlib import Path
from typing import Any

import click

from chainnode.cli.connection import connected, node_option, run
from chainnode.cli.output import counted, emit, examples, json_option
from chainnode.cli.tx import check_id
from chainnode.sdk.catalogue import export_catalogue
from contracts.assets.dcat.vocabulary import PROFILES, Profile


@click.command(
    name="export",
    epilog=examples(
        "chainnode asset export --out catalogue.jsonld", "chainnode asset export ASSET_ID --profile dcat-us"
    ),
)
@click.argument("asset_ids", nargs=-1)
@click.option("--profile", type=click.Choice(PROFILES), default=PROFILES[0], show_default=True, help="Which DCAT.")
@click.option("--ended", is_flag=True, help="Of the whole register, also what was cancelled, revoked or expired.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file.")
@node_option
@json_option
def command(
    asset_ids: tuple[str, ...], profile: Profile, ended: bool, out: Path | None, nodes: tuple[str, ...]
) -> None:
    """Write assets, by default the whole register, as a DCAT catalogue in JSON-LD.

    `chainnode asset import` reads it back without loss of what the ledger keeps.
    """
    wanted = [check_id(asset_id) for asset_id in asset_ids] or None

    async def ask() -> dict[str, Any]:
        async with connected(nodes) as client:
            return await export_catalogue(client, wanted, profile=profile, ended=ended)

    found = run(ask())
    if out is None:
        emit(found, [json.dumps(found, ensure_ascii=False, indent=1)])
        return
    out.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    entries = sum(len(value) for value in found.values() if isinstance(value, list))
    emit({"entries": entries, "profile": profile, "file": str(out)}, [f"{counted(entries, 'entry')} in {out}"])
