import msgspec
import pytest

from contracts.kernel.text import URI_CHARS_MAX, Address, AnyDid, Line, LongText, Name, Uri, is_uri


def accepts(kind: object, text: str) -> bool:
    try:
        msgspec.convert(text, type=kind)
    except msgspec.ValidationError:
        return False
    return True


@pytest.mark.parametrize("text", ["a\u202eb", "a\u2066", "a\u2028", "a\x9b", "a\nb", "a\x00", "\x7f", "a\n", "\r"])
def test_line_refuses_control_characters(text: str) -> None:
    """Control characters are refused: they hide content from the person who reads a record."""
    assert not accepts(Line, text)


def test_line_takes_every_script_and_counts_characters() -> None:
    assert accepts(Line, "数据产品 🎉 ā")
    assert accepts(Name, "界" * 256)
    assert not accepts(Name, "界" * 257)
    assert not accepts(Name, "")
    assert accepts(Line, "")


def test_long_text_takes_tabs_and_line_feeds_only() -> None:
    assert accepts(LongText, "a\tb\nc")
    assert not accepts(LongText, "a\rb")
    assert not accepts(LongText, "a\x1bb")


@pytest.mark.parametrize(
    "text", ["https://example.org/a?b=1#c", "urn:isbn:1", "did:cnode:c:x", "ipfs://x", "mailto:a@b", "https://例.cn/数"]
)
def test_uri_of_a_harmless_scheme_is_accepted(text: str) -> None:
    assert accepts(Uri, text)
    assert is_uri(text)


@pytest.mark.parametrize(
    "text",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "JAVASCRIPT:x",
        "https:",
        "https://a b",
        'https://a"b',
        "https://a<b",
        "//example.org",
        "example.org",
        " https://a",
        "https://a\n",
        "https://" + "a" * URI_CHARS_MAX,
    ],
)
def test_uri_that_a_reader_should_not_follow_is_refused(text: str) -> None:
    assert not accepts(Uri, text)
    assert not is_uri(text)


def test_absent_uri_is_empty() -> None:
    assert accepts(Uri, "")
    assert not is_uri("")


@pytest.mark.parametrize(
    ("text", "good"), [("", True), ("did:web:example.org", True), ("did:x", False), ("x\n", False)]
)
def test_did_of_any_method_has_its_form(text: str, good: bool) -> None:
    assert accepts(AnyDid, text) is good


def test_required_address_is_not_empty() -> None:
    assert accepts(Address, "https://x.y/")
    assert not accepts(Address, "")
