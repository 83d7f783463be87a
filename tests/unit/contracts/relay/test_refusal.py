"""What a light client found wrong, as the ledger says it."""

import ast

from chainnode.lightclient.errors import LightClientError
from contracts.relay.outcome_refusal import CODES
from contracts.relay.refusal import ATTESTATION_CODES, PROOF_CODES, UPDATE_CODES, refusal_of
from tests.support.shared import ROOT

UNREACHED = {"trust-level", "attestors-required", "decision-kind"}
"""Of options that operations cannot express, and of kinds of decision that do not read."""


def told() -> set[str]:
    """Codes that light clients raise literally."""
    found = set()
    for path in sorted((ROOT / "chainnode" / "lightclient").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "LightClientError":
                found |= {one.value for one in node.args[:1] if isinstance(one, ast.Constant)}
    return {str(code) for code in found}


def test_every_code_of_the_light_client_has_one_of_the_ledger() -> None:
    """refusal: a code that nobody mapped would hide what is wrong behind 'malformed'."""
    ours = {*UPDATE_CODES, *ATTESTATION_CODES, *PROOF_CODES, "relay-misbehaviour-none"}
    found = told()
    assert len(found) > 20
    for code in sorted(found):
        refusal = refusal_of(LightClientError(code, "words of a library"), "chainnode-1")
        assert refusal.code in ours
        assert refusal.code in CODES
        assert (refusal.code == "relay-update-malformed") == (code in {*UNREACHED, "ancestry-unbound"}), code
        assert refusal.message == f"chainnode-1: {code}"
