import base64
import gzip

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainnode.errors import Rejected
from chainnode.sdk.status_list import StatusList, list_digest, status_entry, status_list_credential
from contracts.identity.credential import STATUS_BITS_MAX, STATUS_BITS_MIN

PUBLISHED = "uH4sIAAAAAAAAA-3BMQEAAADCoPVPbQwfoAAAAAAAAAAAAAAAAAAAAIC3AYbSVKsAQAAA"
"""Source: Bitstring Status List 1.0, example of section 2.2: 131,072 bits, none set."""


def packed(data: bytes) -> str:
    return "u" + base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def test_published_list_is_read() -> None:
    found = StatusList.decode(PUBLISHED)
    assert (len(found), found.count()) == (STATUS_BITS_MIN, 0)


@settings(max_examples=20)
@given(st.sets(st.integers(0, STATUS_BITS_MIN - 1), max_size=20))
def test_list_reads_back_bit_for_bit(indexes: set[int]) -> None:
    values = StatusList()
    for index in indexes:
        values.set(index)
    found = StatusList.decode(values.encode())
    assert found.count() == len(indexes)
    assert all(found.get(index) for index in indexes)


def test_first_index_is_the_left_most_bit() -> None:
    """Source: Bitstring Status List 1.0: index 0 is the left-most bit."""
    bits = b"\x80\x01" + bytes(STATUS_BITS_MIN // 8 - 2)
    found = StatusList.decode(packed(gzip.compress(bits, mtime=0)))
    assert [index for index in range(16) if found.get(index)] == [0, 15]
    found.set(0, False)
    assert found.count() == 1


@pytest.mark.parametrize(
    ("encoded", "code"),
    [
        ("", "status-list-encoding"),
        ("u", "status-list-encoding"),
        (PUBLISHED[1:], "status-list-encoding"),
        (PUBLISHED + "=", "status-list-encoding"),
        (PUBLISHED[:-4], "status-list-encoding"),
        ("uAAAAA", "status-list-encoding"),
        (packed(gzip.compress(bytes(STATUS_BITS_MIN // 8), mtime=0) + b"tail"), "status-list-encoding"),
        (packed(gzip.compress(bytes(STATUS_BITS_MIN // 8), mtime=0) * 2), "status-list-encoding"),
        (packed(gzip.compress(bytes(STATUS_BITS_MIN // 8 - 1), mtime=0)), "status-list-length"),
        (packed(gzip.compress(bytes(STATUS_BITS_MAX // 8 + 1), mtime=0)), "status-list-length"),
        (packed(gzip.compress(bytes(64 * STATUS_BITS_MAX // 8), mtime=0)), "status-list-length"),
        ("u" + "A" * (STATUS_BITS_MAX + 1), "status-list-encoding"),
    ],
)
def test_list_that_is_none_or_unpacks_without_bound_is_refused(encoded: str, code: str) -> None:
    """A kilobyte of gzip can stand for a gigabyte: unpacking stops at the bound."""
    with pytest.raises(Rejected) as caught:
        StatusList.decode(encoded)
    assert caught.value.code == code


def test_length_and_index_have_bounds() -> None:
    for length in (0, STATUS_BITS_MIN - 8, STATUS_BITS_MIN + 1, STATUS_BITS_MAX + 8):
        with pytest.raises(Rejected) as caught:
            StatusList(length)
        assert caught.value.code == "status-list-length"
    for index in (-1, STATUS_BITS_MIN):
        with pytest.raises(Rejected) as caught:
            StatusList().get(index)
        assert caught.value.code == "status-list-index"


def test_credential_and_entry_name_the_same_list() -> None:
    values = StatusList()
    uri = "https://issuer.example/status/1"
    credential = status_list_credential(values, purpose="revocation", issuer="did:x:y", uri=uri)
    entry = status_entry(uri, 7, "revocation")
    assert entry["statusListCredential"] == credential["id"]
    assert entry["statusListIndex"] == "7"
    encoded = credential["credentialSubject"]["encodedList"]
    assert StatusList.decode(encoded).count() == 0
    values.set(7)
    assert list_digest(values.encode()) != list_digest(encoded)
