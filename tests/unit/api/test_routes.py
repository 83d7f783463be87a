"""Queries are read strictly, and the route table is whole."""

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from chainnode.api.app import ROUTES
from chainnode.api.routes import Call, Parameter, Route, parse_did, parse_hex, parse_query
from chainnode.errors import Rejected

NUMBER = Parameter("limit", "integer", "n", default=50, least=1, most=500)
SIGNED = Parameter("value", "integer", "n", least=-(2**63))
DIGEST = Parameter("digest", "hex", "d", least=32, most=64)
CHOICE = Parameter("wait", "choice", "w", default="none", choices=("none", "checked"))
TEXT = Parameter("name", "text", "t")


async def unused(call: Call) -> web.StreamResponse:
    raise NotImplementedError


ROUTE = Route("GET", "/x", unused, "x", parameters=(NUMBER, DIGEST, CHOICE, TEXT))


def refusal(*pairs: tuple[str, str]) -> Rejected:
    with pytest.raises(Rejected) as caught:
        parse_query(ROUTE, pairs)
    return caught.value


def test_values_are_typed_and_defaults_filled_in() -> None:
    found = parse_query(ROUTE, [("digest", "ab" * 32), ("name", "ü")])
    assert found == {"limit": 50, "digest": bytes.fromhex("ab" * 32), "wait": "none", "name": "ü"}


def test_an_unknown_parameter_is_refused_with_the_nearest_known_one() -> None:
    error = refusal(("limt", "3"))
    assert error.code == "query-unknown"
    assert "did you mean limit?" in error.message
    assert "known: digest, limit, name, wait" in refusal(("zzzzz", "3")).message


def test_a_parameter_given_twice_is_refused() -> None:
    assert refusal(("limit", "1"), ("limit", "1")).code == "query-invalid"


@pytest.mark.parametrize(
    "text",
    ["0", "501", "-1", "", "1.0", "1e2", "0x10", " 5", "5 ", "+5", "05", "1_0", "٣", "９", "9" * 30, "true", "NaN"],
)
def test_only_plain_numbers_within_bounds_are_taken(text: str) -> None:
    """T10, T23: no signs, blanks, underscores or digits of other scripts; never clamped in silence."""
    assert refusal(("limit", text)).code == "query-invalid"


def test_bounds_themselves_are_taken() -> None:
    assert [parse_query(ROUTE, [("limit", text)])["limit"] for text in ("1", "500")] == [1, 500]
    assert SIGNED.parse(str(-(2**63))) == -(2**63)


@pytest.mark.parametrize(
    "text", ["", "ab", "AB" * 32, "ab" * 65, "a" * 65, "zz" * 32, "0x" + "ab" * 31, "ab" * 31 + "\n0"]
)
def test_only_lower_case_hex_of_the_right_size_is_taken(text: str) -> None:
    assert refusal(("digest", text)).code == "query-invalid"


def test_choices_and_text_are_bounded() -> None:
    assert refusal(("wait", "forever")).code == "query-invalid"
    assert refusal(("name", "x" * 2_049)).code == "query-invalid"


@given(st.text(max_size=80))
def test_any_text_is_a_hash_or_a_refusal(text: str) -> None:
    try:
        assert len(parse_hex(text, "id", 32, 32, code="path-invalid")) == 32
    except Rejected as error:
        assert error.code == "path-invalid"


@pytest.mark.parametrize("text", ["", "did:web:x", "did:cnode:c:short", "did:cnode:c:" + "A" * 32, "../etc/passwd"])
def test_only_dids_of_this_method_are_taken(text: str) -> None:
    with pytest.raises(Rejected) as caught:
        parse_did(text)
    assert caught.value.code == "path-invalid"


def test_no_two_routes_are_the_same_and_each_is_described() -> None:
    assert len({(route.method, route.path) for route in ROUTES}) == len(ROUTES)
    for route in ROUTES:
        assert route.summary
        assert route.handler.__doc__, f"{route.path} needs the contract of its handler"
        assert all(parameter.meaning for parameter in route.parameters)
        assert route.cost >= 1


def test_every_parameter_default_passes_its_own_check() -> None:
    for route in ROUTES:
        for parameter in route.parameters:
            if parameter.default is not None:
                assert parameter.parse(str(parameter.default)) == parameter.default
