import json

from contracts.kernel.policy import ANY_MEMBER, EVERYONE, FORBIDDEN, SELF, Rule
from contracts.kernel.reference import reference, who
from contracts.kernel.registry import CODES, EVENTS, FAMILIES, LIFECYCLES, OPERATIONS


def test_reference_names_everything_that_the_registry_holds() -> None:
    """Every operation with its schema, roles and codes; every event, state machine and code."""
    document = json.loads(json.dumps(reference()))
    families = document["families"]
    assert [family["name"] for family in families] == [family.name for family in FAMILIES]
    operations = {found["name"]: found for family in families for found in family["operations"]}
    assert set(operations) == set(OPERATIONS)
    for name, spec in OPERATIONS.items():
        found = operations[name]
        assert found["summary"], name
        assert found["schema"]["properties"]["operation"] == {"const": name}
        assert tuple(found["codes"]) == spec.codes
        assert found["genesis"] == spec.genesis
    assert {event["name"] for family in families for event in family["events"]} == set(EVENTS)
    assert {machine["name"] for family in families for machine in family["lifecycles"]} == set(LIFECYCLES)
    codes = {code for family in families for code in family["codes"]} | set(document["kernel_codes"])
    assert codes == set(CODES)


def test_one_family_comes_with_the_types_it_needs_alone() -> None:
    evidence = next(family for family in FAMILIES if family.name == "evidence")
    document = reference((evidence,))
    assert [family["name"] for family in document["families"]] == ["evidence"]
    assert not any(name.startswith(("assets.", "types.")) for name in document["$defs"])


def test_rule_is_told_in_words() -> None:
    assert who(EVERYONE) == "every identity"
    assert who(SELF) == "the identity itself"
    assert who(FORBIDDEN) == "nobody"
    assert who(ANY_MEMBER) == "any role"
    assert who(Rule("ANY", ("exchange", "registrar"))) == "exchange, registrar"
    assert who(Rule("COUNT", ("member",), numerator=2)) == "2 of member"
    assert who(Rule("FRACTION", ("member",), numerator=2, denominator=3)) == "2/3 of member"
    assert who(Rule("ANY", ("member",), ("did:web:a",))) == "member within 1 named organisations"


def test_state_machine_shows_each_line_of_its_table() -> None:
    family = next(found for found in reference()["families"] if found["name"] == "evidence")
    machine = family["lifecycles"][0]
    steps = {(step["from"], step["action"]): step["to"] for step in machine["transitions"]}
    assert steps == LIFECYCLES[machine["name"]].transitions
