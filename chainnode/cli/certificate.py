"""``chainnode asset certificate``: a certificate of registration by its number."""

import json
from pathlib import Path
from typing import Any

import click
import msgspec

from chainnode.cli.connection import connected, node_option, run
from chainnode.cli.failure import CommandError, Exit
from chainnode.cli.output import emit, examples, fields, json_option
from chainnode.limits import MIB
from chainnode.sdk.certificate import CertificateFinding, certificate_credential, check_certificate, differences


@click.command(
    name="certificate",
    epilog=examples(
        "chainnode asset certificate 0001-20261122-00000042-23",
        "chainnode asset certificate 0001-20261122-00000042-23 --credential unsigned.json",
    ),
)
@click.argument("number")
@click.option(
    "--credential",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the certificate as a credential without proof, for its registrar to sign.",
)
@click.option(
    "--compare",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A credential about this certificate: name what the register says otherwise. Its proof is not looked at.",
)
@node_option
@json_option
def command(number: str, file: Path | None, compare: Path | None, nodes: tuple[str, ...]) -> None:
    """Say whether a certificate of registration holds, for which asset, and who has it.

    Ends with status 1 when the certificate was issued and no longer holds, or a credential differs from the register.
    """
    given = None if compare is None else _read_credential(compare)

    async def ask() -> tuple[CertificateFinding, dict[str, Any] | None, tuple[str, ...]]:
        async with connected(nodes) as client:
            found = await check_certificate(client, number.strip())
            if found.code != "ok":
                return found, None, ()
            chain_id, asset = (await client.status()).chain_id, await client.asset(found.asset_id)
            other = () if given is None else differences(given, asset, chain_id)
            return found, certificate_credential(asset, chain_id), other

    found, credential, other = run(ask())
    if file is not None and credential is not None:
        file.write_text(json.dumps(credential, indent=2, ensure_ascii=False) + "\n", "utf-8")
    document = {**msgspec.to_builtins(found), "differences": list(other)}
    emit(document, fields(document))
    if found.code != "ok":
        raise CommandError(found.code, f"certificate {found.number} does not hold: {found.status}", Exit.FAILED)
    if other:
        raise CommandError("certificate-differs", f"the register says otherwise: {', '.join(other)}", Exit.FAILED)


def _read_credential(file: Path) -> dict[str, Any]:
    if file.stat().st_size > MIB:
        raise CommandError("credential-form", f"{file} is larger than any credential about a certificate", Exit.USAGE)
    try:
        found = msgspec.json.decode(file.read_bytes())
    except (msgspec.DecodeError, RecursionError) as error:
        raise CommandError("credential-form", f"{file} is not JSON: {error}", Exit.USAGE) from error
    if not isinstance(found, dict):
        raise CommandError("credential-form", f"{file} is no credential", Exit.USAGE)
    return found
