"""What people may write for a value, and what it becomes."""

import hashlib
import hmac
from pathlib import Path
from typing import Any

import click
import pytest
from msgspec import inspect

from chainnode.cli import operation_value
from chainnode.cli.failure import Exit
from chainnode.cli.json_form import form_of, others_of
from chainnode.cli.main import main
from chainnode.cli.operation_value import ContentHash, DidText, Moment, MomentSeconds, Period
from chainnode.cli.query import record_key
from chainnode.cli.testnet.manifest import IdentityEntry, Manifest
from contracts.assets.record import asset_id_of
from contracts.disputes.record import Ruling, Subject
from contracts.governance.proposal import proposal_key
from contracts.income.record import account_key
from contracts.kernel.operation import Operation
from contracts.kernel.registry import OPERATIONS, operation_document
from contracts.kernel.text import AnyDid
from contracts.market.record_trade import trade_key
from tests.unit.contracts.families import SAMPLES


def taken(kind: click.ParamType[Any], text: str) -> Any:
    return kind.convert(text, None, None)


def test_document_is_hashed_where_its_hash_belongs(tmp_path: Path) -> None:
    file = tmp_path / "claim.txt"
    file.write_bytes(b"half the fields are missing")

    assert taken(ContentHash(salted=False), f"@{file}") == hashlib.sha256(file.read_bytes()).hexdigest()
    assert taken(ContentHash(salted=False), "AB" * 32) == "ab" * 32
    assert list(tmp_path.iterdir()) == [file]


def test_salted_document_has_one_hash_for_whoever_holds_its_salt(tmp_path: Path) -> None:
    """A bare hash of guessable content gives the content away (README of sdk)."""
    file = tmp_path / "agreement.txt"
    file.write_bytes(b"120,000")

    first = taken(ContentHash(salted=True), f"@{file}")
    place = tmp_path / "agreement.txt.salt"

    assert taken(ContentHash(salted=True), f"@{file}") == first
    assert hmac.digest(bytes.fromhex(place.read_text()), b"120,000", "sha256").hex() == first
    assert place.stat().st_mode & 0o777 == 0o600
    place.unlink()
    assert taken(ContentHash(salted=True), f"@{file}") != first
    place.write_text("00")
    with pytest.raises(click.BadParameter, match="does not hold a salt"):
        taken(ContentHash(salted=True), f"@{file}")


@pytest.mark.parametrize("salted", [False, True])
def test_document_that_is_absent_or_too_large_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, salted: bool
) -> None:
    monkeypatch.setattr(operation_value, "CONTENT_BYTES_MAX", 4)
    file = tmp_path / "large"
    file.write_bytes(b"12345")

    with pytest.raises(click.BadParameter, match="more than 4 bytes"):
        taken(ContentHash(salted=salted), f"@{file}")
    with pytest.raises(click.BadParameter, match="does not exist"):
        taken(ContentHash(salted=salted), f"@{tmp_path / 'absent'}")


def test_moment_is_told_in_any_of_its_forms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time_ns", lambda: 1_000_000_000)
    kind = Moment(0, 2**53)

    assert taken(kind, "+90s") == 91_000
    assert taken(kind, "1970-01-01T01:00:00.250+01:00") == 250
    assert taken(kind, "1970-01-02T00:00:00Z") == 86_400_000
    assert taken(kind, "12345") == 12_345


@pytest.mark.parametrize(
    "text", ["tomorrow", "2026-11-22", "2026-11-22T18:00:00", "90s", "+", "-5", "1969-01-01T00:00Z"]
)
def test_moment_that_is_none_is_refused(text: str) -> None:
    """Without a zone nobody knows which moment is meant, and a length is no moment."""
    with pytest.raises(click.BadParameter):
        taken(Moment(0, 2**53), text)


def test_time_out_is_told_like_a_moment_and_counted_in_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time_ns", lambda: 1_999_000_000)
    kind = MomentSeconds(1, 2**53)

    assert taken(kind, "+90s") == 91
    assert taken(kind, "1970-01-02T00:00:00.999Z") == 86_400
    assert taken(kind, "12345") == 12_345
    for text in ("90s", "soon", "0", "-5", "1970-01-01T00:00:00.5Z"):
        with pytest.raises(click.BadParameter):
            taken(kind, text)


def test_period_is_a_length_or_milliseconds() -> None:
    kind = Period(0, 86_400_000)

    assert (taken(kind, "12h"), taken(kind, "250")) == (43_200_000, 250)
    for text in ("2d", "-1", "+2h", "soon"):
        with pytest.raises(click.BadParameter):
            taken(kind, text)


@pytest.fixture
def network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Manifest:
    """A network as if it ran here."""
    buyer = IdentityEntry("orchard-buyer", "did:cnode:devnet:rrvtp4kxot5k3lbboaxwrhvfuaigeli6", ("member",))
    manifest = Manifest(1, "devnet", "00" * 32, (), (buyer,))
    monkeypatch.setattr(operation_value, "running_network", lambda: (tmp_path, manifest))
    return manifest


def test_development_identity_is_taken_for_its_did(network: Manifest, monkeypatch: pytest.MonkeyPatch) -> None:
    assert taken(DidText(), "orchard-buyer") == network.identities[0].did
    assert taken(DidText(), "did:web:example.org") == "did:web:example.org"
    with pytest.raises(click.BadParameter, match="neither a DID nor a development identity"):
        taken(DidText(), "nobody")
    monkeypatch.setattr(operation_value, "running_network", lambda: None)
    with pytest.raises(click.BadParameter, match="neither a DID nor a development identity"):
        taken(DidText(), "orchard-buyer")


def test_missing_option_is_a_usage_error_that_names_it(capsys: pytest.CaptureFixture[str]) -> None:
    """A default of None once counted as given, and the ledger's form was what spoke."""
    words = ["dispute", "answer", "00" * 32, "--dry-run"]

    assert main(words) == Exit.USAGE
    assert "--answer-digest" in capsys.readouterr().err


def test_example_of_json_names_what_is_required_and_what_else_it_takes() -> None:
    ruling = inspect.type_info(Ruling)

    assert form_of(ruling) == {"outcome": "partly-upheld", "digest": "HEX"}
    assert others_of(ruling) == ["measures"]
    assert form_of(inspect.type_info(tuple[Subject, ...])) == [{"kind": "asset", "id": "HEX"}]
    assert form_of(inspect.type_info(AnyDid)) == "DID"
    assert form_of(inspect.type_info(tuple[int, ...] | None)) == [1]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda found: str(found.__struct_config__.tag))
def test_example_has_only_fields_that_the_operation_reads(sample: Operation) -> None:
    """Names that were dropped or renamed would be refused when an example is typed."""
    kind = OPERATIONS[str(sample.__struct_config__.tag)].type
    document = operation_document(sample)
    told = form_of(inspect.type_info(kind))

    assert set(told) | set(others_of(inspect.type_info(kind))) == set(document) - {"operation"}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["identities", "nobody"], "neither a DID nor a development identity"),
        (["trades", "zz"], "is not an id in hexadecimal"),
        (["proposals", "first"], "is no number"),
        (["income-accounts", "did:web:example.org"], "is read by payee and distributor and currency"),
    ],
)
@pytest.mark.parametrize("command", [["query", "record"], ["prove", "record", "-o", "absent.proof"]])
def test_record_that_cannot_be_meant_is_a_usage_error(
    command: list[str], words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A misspelt name has no record either: the proof of that would be true, and of the wrong thing."""
    assert main([*command, *words, "--node", "http://127.0.0.1:1"]) == Exit.USAGE
    assert told in capsys.readouterr().err


def test_record_is_proved_under_the_key_of_its_ids(network: Manifest) -> None:
    buyer = network.identities[0].did

    assert record_key("trades", ("AB" * 32,)) == trade_key(b"\xab" * 32)
    assert record_key("income-accounts", ("orchard-buyer", buyer, "EUR")) == account_key(buyer, buyer, "EUR")
    assert record_key("proposals", ("7",)) == proposal_key(7)


def test_id_of_an_asset_is_told_before_it_is_registered(
    network: Manifest, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["asset", "id", "yields", "--of", "orchard-buyer"]) == Exit.OK
    assert capsys.readouterr().out.strip() == asset_id_of(network.identities[0].did, "yields").hex()
