"""How failures are told: expected, found, next."""

from chainnode.cli.failure import CommandError, Exit, describe, document, lines
from chainnode.errors import ConfigError, NotFound, Rejected


def test_failure_says_what_was_expected_what_was_found_and_what_to_do_next():
    """service.md: errors say what was expected, what was found and what to do next."""
    message = "x.toml: nod.name is not a setting"
    error = ConfigError("config-unknown-key", message, expected="node", found="nod", file=None)

    told = lines(describe(error))

    assert told == [
        "chainnode: x.toml: nod.name is not a setting (config-unknown-key)",
        "  expected  node",
        "  found     nod",
        "  next      configs/ shows every key; `chainnode config check --config FILE` checks a file",
    ]


def test_person_is_spared_what_is_meant_for_programs():
    """The HTTP status and `retryable` of a node's answer are for programs; --json has them."""
    failure = describe(NotFound("block-not-found", "there is no block at height 9", tip=3, status=404, retryable=False))

    assert lines(failure) == ["chainnode: there is no block at height 9 (block-not-found)", "  tip  3"]
    assert failure.details == {"tip": 3, "status": 404, "retryable": False}


def test_hint_of_the_failure_itself_goes_before_the_catalogue():
    failure = describe(CommandError("port-taken", "in use", Exit.ENVIRONMENT, hint="try another"))

    assert failure.next == "try another"
    assert failure.details == {}


def test_document_has_the_same_fields_for_every_failure():
    found = document(describe(Rejected("role-missing", "not an exchange", operation=3)))

    assert found == {
        "error": {
            "code": "role-missing",
            "message": "not an exchange",
            "details": {"operation": 3},
            "next": "",
            "exit_status": 1,
        }
    }


def test_system_error_names_its_file():
    failure = describe(PermissionError(13, "Permission denied", "/etc/shadow"))

    assert failure.message == "/etc/shadow: Permission denied"
    assert failure.status is Exit.ENVIRONMENT
