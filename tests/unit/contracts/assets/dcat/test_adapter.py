from typing import Any

import pytest

from contracts.assets.dcat.adapter import NOTE_CHARS_MAX, NOTES_MAX, Adapter


def adapter(**node: Any) -> Adapter:
    return Adapter(node, {}, [])


@pytest.mark.parametrize(
    ("value", "text", "note"),
    [
        ("a", "a", ""),
        ("  a ", "a", ""),
        ("a\nb", "a b", "x: control characters became spaces"),
        ("a\x00\x00b", "a b", "x: control characters became spaces"),
        ("a\ud800", "a\ufffd", "x: halves of characters were replaced"),
        (["a", "b"], "a", "x: the first of 2 values was taken"),
        (None, "", "x: is null; left out"),
        ({"y": [1]}, "", "x: is no text; left out"),
        ("", "", ""),
        (5, "5", ""),
    ],
)
def test_line_is_made_fit_and_the_change_is_noted(value: object, text: str, note: str) -> None:
    found = adapter(x=value)
    assert found.line("x") == text
    assert found.notes == ([note] if note else [])


def test_absent_property_is_no_change() -> None:
    found = adapter()
    assert (found.line("x"), found.uri("x"), found.lines("x", 3), found.paragraphs("x", 9)) == ("", "", (), "")
    assert found.notes == []


def test_long_text_is_cut_with_a_note_of_both_lengths() -> None:
    found = adapter(x="é" * 10_000_000)
    text = found.line("x", 10)
    assert text == "é" * 9 + "…"
    assert found.notes == ["x: cut from 10000000 to 10 characters"]


def test_paragraphs_keep_line_feeds_and_join_values() -> None:
    found = adapter(x=["a\r\nb", "c"])
    assert found.paragraphs("x", 100) == "a\nb\n\nc"
    assert found.notes == []


def test_list_keeps_each_text_once_up_to_its_bound() -> None:
    found = adapter(x=["a", "b", "a", 5, None, ["z"], "c" * 70])
    assert found.lines("x", 3) == ("a", "b", "5")
    assert "x: the first 3 of 5 values were taken" in found.notes
    assert any("left out" in note for note in found.notes)
    assert any("cut from 70 to 64" in note for note in found.notes)


@pytest.mark.parametrize(
    ("value", "uri"),
    [
        ("https://x.y/a b", "https://x.y/a%20b"),
        ({"@id": "https://x.y/"}, "https://x.y/"),
        (["nonsense", "https://x.y/"], "https://x.y/"),
        ('https://x.y/?q={"a"|b}', "https://x.y/?q=%7B%22a%22%7Cb%7D"),
        ("javascript:alert(1)", ""),
        ("https://x.y/\ud800", ""),
        ({"a": 1}, ""),
        (7, ""),
        ("https://" + "x" * 10_000_000, ""),
    ],
)
def test_address_is_taken_only_if_a_reader_may_follow_it(value: object, uri: str) -> None:
    found = adapter(x=value)
    assert found.uri("x") == uri
    assert bool(found.notes) == (uri == "" or isinstance(value, list))


def test_notes_are_bounded_in_number_and_length() -> None:
    found = adapter()
    for number in range(100):
        found.note(str(number), "x" * 1_000)
    assert len(found.notes) == NOTES_MAX + 1
    assert found.notes[-1] == "and more"
    assert all(len(note) <= NOTE_CHARS_MAX for note in found.notes)


def test_nodes_beyond_the_bound_are_left_out_with_a_note() -> None:
    found = adapter(x=[1, 2, 3])
    assert found.nodes("x", 2) == [1, 2]
    assert found.notes == ["x: the first 2 of 3 were taken"]
