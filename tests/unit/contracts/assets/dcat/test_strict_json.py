import pytest

from chainnode.errors import Rejected
from contracts.assets.dcat import strict_json
from contracts.assets.dcat.strict_json import DEPTH_MAX, parse_document, render_document


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "catalogue-not-json"),
        (b"<html>", "catalogue-not-json"),
        (b"{'a': 1}", "catalogue-not-json"),
        (b'{"a": 1} {}', "catalogue-not-json"),
        (b'{"a": NaN}', "catalogue-not-json"),
        (b'{"a": -Infinity}', "catalogue-not-json"),
        (b'{"a": "\x01"}', "catalogue-not-json"),
        (b'{"a": "\xff"}', "catalogue-not-json"),
        ('{"a": 1}'.encode("utf-16"), "catalogue-not-json"),
        (b'{"a": ' + b"9" * 5_000 + b"}", "catalogue-not-json"),
        (b'{"a": {"b": 1, "b": 1}}', "catalogue-duplicate-key"),
        (b"[" * (DEPTH_MAX + 1) + b"]" * (DEPTH_MAX + 1), "catalogue-too-deep"),
        (b"[" * 200_000, "catalogue-too-deep"),
        (b'{"a":' * 200_000, "catalogue-too-deep"),
    ],
)
def test_what_is_not_json_is_refused_by_code(data: bytes, code: str) -> None:
    with pytest.raises(Rejected) as found:
        parse_document(data)
    assert found.value.code == code
    assert len(found.value.message) <= 256


def test_duplicate_key_is_named() -> None:
    with pytest.raises(Rejected, match="'title'"):
        parse_document(b'{"title": 1, "a": 2, "title": 3}')


def test_duplicate_among_many_keys_is_found_without_comparing_all_pairs() -> None:
    keys = b",".join(b'"%d":0' % number for number in range(300_000))
    with pytest.raises(Rejected) as found:
        parse_document(b"{" + keys + b',"299999":1}')
    assert found.value.code == "catalogue-duplicate-key"
    assert "299999" in found.value.message


def test_fractions_stay_text_and_a_byte_order_mark_is_skipped() -> None:
    assert parse_document(b'\xef\xbb\xbf{"a": 1.50, "b": 7, "c": 1e999}') == {"a": "1.50", "b": 7, "c": "1e999"}


def test_size_is_checked_before_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strict_json, "DOCUMENT_BYTES_MAX", 4)
    with pytest.raises(Rejected) as found:
        parse_document(b"<<<<<")
    assert found.value.code == "catalogue-too-large"


def test_value_built_by_a_caller_passes_the_same_gate() -> None:
    endless: list = []
    endless.append(endless)
    deep: list = []
    for _ in range(100_000):
        deep = [deep]
    for value in ({"a": float("nan")}, {"a": object()}, {"a": b"x"}, endless):
        with pytest.raises(Rejected) as found:
            render_document(value)
        assert found.value.code == "catalogue-not-json"
    with pytest.raises(Rejected) as found:
        parse_document(render_document(deep))
    assert found.value.code == "catalogue-too-deep"
    assert parse_document(render_document({"a": [1, None, "é"]})) == {"a": [1, None, "é"]}
