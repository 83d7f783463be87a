"""Text and JSON of results."""

import json

from chainnode.cli.output import counted, dump, fields, table


def test_table_aligns_numbers_to_the_right_and_text_to_the_left():
    assert table(("name", "height"), [("a", 7), ("validator-0", 1200)]) == [
        "name         height",
        "a                 7",
        "validator-0    1200",
    ]


def test_table_without_rows_shows_its_headings():
    assert table(("name", "height"), []) == ["name  height"]


def test_fields_leave_out_what_is_empty_but_not_zero():
    assert fields({"height": 0, "info": "", "peers": [], "code": "ok", "tree": {"a": 1}}) == [
        "height  0",
        "code    ok",
        'tree    {"a":1}',
    ]


def test_fields_say_yes_and_no():
    assert fields({"recorded": True, "syncing": False}) == ["recorded  yes", "syncing   no"]


def test_counted_agrees_with_its_number():
    assert [counted(number, "observer") for number in (0, 1, 2)] == ["0 observers", "1 observer", "2 observers"]


def test_dump_is_one_line_with_bytes_in_hexadecimal():
    shown = dump({"key": b"\x01\xff", "text": "链\n", "set": {2, 1}})

    assert "\n" not in shown
    assert json.loads(shown) == {"key": "01ff", "text": "链\n", "set": [1, 2]}
