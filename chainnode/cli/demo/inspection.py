"""After the work: whether all nodes agree, everything is there, and a stranger can check it."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from chainnode.cli.demo.proof_check import verify_apart
from chainnode.cli.demo.report import Report
from chainnode.cli.demo.summary import Agreement
from chainnode.cli.testnet.manifest import NodeEntry
from chainnode.cli.testnet.network import status_of
from chainnode.errors import ChainError
from chainnode.sdk.answer import StatusAnswer
from chainnode.sdk.client import Client
from contracts.assets.record import asset_key

AGREEMENT_S: Final = 30.0
"""For a restarted validator to reach the tip, and for the last block to reach everybody."""
CERTIFIED_S: Final = 20.0
"""A block is provable once the next one certified its results; an idle chain makes one every ten seconds."""
_POLL_S: Final = 0.1


async def agree(nodes: Sequence[NodeEntry], report: Report) -> Agreement:
    """Every node's own height and state root, asked again until all stand at one height; and what is missing.

    The state root in a status is the one that the node computed itself, not one that it was told.
    """
    last = max((entry.height or 0 for entry in report.entries), default=0)
    deadline = time.monotonic() + AGREEMENT_S
    while True:
        statuses = await asyncio.gather(*(status_of(node.api) for node in nodes))
        answered = [status for status in statuses if status is not None]
        if _stand_together(answered, len(nodes), last) or time.monotonic() > deadline:
            break
        await asyncio.sleep(_POLL_S)
    heights = {status.height for status in answered}
    together = len(answered) == len(nodes) and len(heights) == 1
    return Agreement(
        height=max(heights, default=-1) if together else -1,
        state_roots={status.name: status.state_root for status in answered},
        view_changes=max((status.view_changes for status in answered), default=0),
        missing=await missing(nodes[-1], report),
    )


async def missing(node: NodeEntry, report: Report) -> int:
    """How many acknowledged transactions this one node does not hold as applied, at the height that was reported."""
    wanted = {entry.tx_id: entry.height for entry in report.entries if entry.is_committed}
    found: dict[str, int] = {}
    async with Client([node.api]) as client:
        for height in sorted({height for height in wanted.values() if height is not None}):
            try:
                receipts = await client.receipts(height)
            except ChainError:
                continue
            found |= {receipt.tx_id: receipt.height for receipt in receipts if receipt.code == "ok"}
    return sum(found.get(tx_id) != height for tx_id, height in wanted.items())


async def check_proofs(node: NodeEntry, genesis_hash: str, report: Report) -> tuple[dict[str, bytes], list[str]]:
    """Fetch one evidence proof and one asset-state proof and have another process verify them.

    Returns the bundles by name, and why a proof failed; nothing failed when the list is empty.
    """
    bundles: dict[str, bytes] = {}
    failures = []
    evidence = next((entry for entry in report.entries if entry.kind == "evidence" and entry.is_committed), None)
    asset = next((entry for entry in report.entries if entry.kind == "asset" and entry.is_committed), None)
    async with Client([node.api]) as client:
        try:
            if evidence is not None:
                bundles["evidence"] = await _patiently(lambda: client.prove_evidence(evidence.id))
            if asset is not None:
                key = asset_key(bytes.fromhex(asset.id))
                # Its own height: the newest state that can be proved may be the one before it, without the asset.
                bundles["asset"] = await _patiently(lambda: client.prove_state(key, height=asset.height))
        except ChainError as error:
            failures.append(f"a proof could not be fetched: {error.message} ({error.code})")
    wanted = {"evidence": ("evidence-existed", evidence), "asset": ("state-present", asset)}
    for name, bundle in bundles.items():
        found, reason = await verify_apart(bundle, genesis_hash)
        kind, entry = wanted[name]
        if found is None:
            failures.append(f"the {name} proof was not verified offline: {reason}")
        elif found["kind"] != kind or entry is None or entry.id not in (found.get("evidence_id"), _shown_asset(found)):
            failures.append(f"the {name} proof shows something else: {found['kind']}")
    failures += [f"there is no {name} to prove" for name in wanted if name not in bundles and not failures]
    return bundles, failures


def _shown_asset(found: dict[str, object]) -> object:
    record = found.get("record")
    return record.get("asset_id") if isinstance(record, dict) else None


async def _patiently(prove: Callable[[], Awaitable[bytes]]) -> bytes:
    """A proof of what was just committed: its block's results are certified by the next block."""
    deadline = time.monotonic() + CERTIFIED_S
    while True:
        try:
            return await prove()
        except ChainError:
            if time.monotonic() > deadline:
                raise
        await asyncio.sleep(_POLL_S)


def _stand_together(statuses: Sequence[StatusAnswer], nodes: int, last: int) -> bool:
    heights = {status.height for status in statuses}
    return len(statuses) == nodes and len(heights) == 1 and min(heights) >= last
