"""Lineage and rights on a real chain, through the API, the client and the command line."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chainnode.cli.lineage import dot_lines, tree_lines
from chainnode.cli.right import force_lines
from chainnode.codec.canonical import encode
from chainnode.errors import NotFound, Rejected
from chainnode.sdk.catalogue import export_catalogue
from chainnode.sdk.lineage import lineage, whole_lineage
from chainnode.sdk.rights import force, further_terms, make_terms, new_salt
from contracts.assets.dcat import import_catalogue
from contracts.assets.dcat.vocabulary import PROFILES, Profile
from contracts.assets.description import AssetDescription, Parent
from contracts.assets.operations import RegisterAsset
from contracts.assets.record import asset_id_of, asset_key
from contracts.kernel.operation import Operation
from contracts.rights.operations import GrantRight, RevokeRight
from contracts.rights.record import right_id_of
from tests.support.api_node import ApiNode, api_node

PARENTS = {
    "raw": (),
    "clean": ("raw",),
    "geo": (),
    "map": ("clean", "geo"),
    "model": ("clean",),
    "app": ("map", "model"),
}


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[ApiNode]:
    async with api_node(tmp_path) as found:
        yield found


def id_of(api: ApiNode, name: str) -> bytes:
    return asset_id_of(api.wallet().did, name)


async def applied(api: ApiNode, *operations: Operation) -> None:
    done = await api.wallet().submit(api.client, list(operations))
    assert done.applied, done


async def family(api: ApiNode) -> None:
    await applied(
        api,
        *(
            RegisterAsset(
                name,
                AssetDescription(
                    "dataset",
                    name,
                    parents=tuple(Parent(id_of(api, above), "derived-from", 1_250) for above in parents),
                ),
            )
            for name, parents in PARENTS.items()
        ),
    )


async def test_whole_origin_of_a_product_is_one_request(api: ApiNode) -> None:
    """Lineage is queryable: ancestors, descendants and the whole graph in one query."""
    await family(api)
    found = await lineage(api.client, id_of(api, "app"), direction="ancestors")
    assert {node.name for node in found.nodes} == set(PARENTS)
    assert (found.nodes[0].name, found.nodes[0].status, found.truncated) == ("app", "CERTIFIED", False)
    assert len(found.edges) == 6
    assert {edge.share_basis_points for edge in found.edges} == {1_250}
    below = await lineage(api.client, id_of(api, "raw"), direction="descendants", depth=1)
    assert [(node.name, node.complete) for node in below.nodes] == [("raw", True), ("clean", False)]
    both = await lineage(api.client, id_of(api, "model"))
    assert {node.name for node in both.nodes} == {"raw", "clean", "model", "app"}
    whole = await lineage(api.client, id_of(api, "geo"), direction="whole")
    assert {node.name for node in whole.nodes} == set(PARENTS)
    listed = api.client.all_records("lineage-children", parent_id=id_of(api, "raw"))
    children = [one["child_id"] async for one in listed]
    assert children == [id_of(api, "clean").hex()]


async def test_lineage_larger_than_one_answer_is_put_together(api: ApiNode, monkeypatch: pytest.MonkeyPatch) -> None:
    await family(api)
    monkeypatch.setattr("chainnode.sdk.lineage.NODES_MAX", 3)
    for start, direction in (("app", "ancestors"), ("raw", "descendants")):
        found = await whole_lineage(api.client, id_of(api, start), direction=direction)  # type: ignore[arg-type]
        expected = set(PARENTS) - ({"geo"} if start == "raw" else set())
        assert {node.name for node in found.nodes} == expected
        assert not found.truncated
    monkeypatch.setattr("chainnode.sdk.lineage.ASSETS_MAX", 2)
    with pytest.raises(Rejected) as caught:
        await whole_lineage(api.client, id_of(api, "app"))
    assert caught.value.code == "lineage-too-large"


async def test_lineage_is_shown_as_a_tree_and_as_a_drawing(api: ApiNode) -> None:
    await family(api)
    found = await lineage(api.client, id_of(api, "app"), direction="ancestors")
    text = tree_lines(found)
    assert text[0].startswith("app ")
    assert text[1] == "made from:"
    assert sum("clean " in line for line in text) == 2
    assert sum("(shown above)" in line for line in text) == 1
    assert any(line.startswith("  derived-from, 12.50 %: map ") for line in text)
    dot = dot_lines(found)
    assert dot[0] == "digraph lineage {"
    assert f'  "{id_of(api, "raw").hex()}" -> "{id_of(api, "clean").hex()}" [label="derived-from 12.50 %"];' in dot
    cut = await lineage(api.client, id_of(api, "app"), direction="ancestors", depth=1)
    assert tree_lines(cut)[-1].startswith("incomplete")


async def test_questions_that_cannot_be_answered_are_refused_by_code(api: ApiNode) -> None:
    with pytest.raises(NotFound) as missing:
        await lineage(api.client, bytes(32))
    assert missing.value.code == "asset-not-found"
    with pytest.raises(NotFound) as unknown:
        await force(api.client, bytes(32))
    assert unknown.value.code == "right-not-found"
    for question in ("depth=0", "limit=401", "direction=sideways", "dept=1"):
        status, document, _ = await api.get(f"/v1/assets/{'0' * 64}/lineage?{question}")
        assert (status, document["code"][:6]) == (400, "query-")


@pytest.mark.parametrize("profile", PROFILES)
async def test_register_is_exported_whole_and_reads_back(
    api: ApiNode, profile: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Record -> DCAT -> record, through API and client, in pages."""
    await family(api)
    service = RegisterAsset("wms", AssetDescription("service", "Tiles"))
    await applied(api, service)
    monkeypatch.setattr("chainnode.sdk.catalogue._PAGE", 3)
    document = await export_catalogue(api.client, profile=profile)
    back = import_catalogue(document)
    assert {entry.identifier for entry in back.entries} == {*PARENTS, "wms"}
    for entry in back.entries:
        assert entry.record is not None and entry.outcome == "ready"
        stored = api.node.service.queries.state(asset_key(entry.record.asset_id))
        assert encode(entry.record) == stored
    one = await export_catalogue(api.client, [id_of(api, "map")], profile=profile)
    assert [entry.identifier for entry in import_catalogue(one).entries] == ["map"]
    status, page, response = await api.get("/v1/catalogue?limit=3")
    assert (status, response.content_type, isinstance(page, bytes)) == (200, "application/ld+json", True)


async def test_force_of_a_right_is_told_with_all_it_derives_from(api: ApiNode) -> None:
    await family(api)
    client, owner, member = api.client, api.wallet(), api.wallet("orchard-buyer")
    raw, salt = id_of(api, "raw"), new_salt()
    terms = make_terms("operating", purposes=["statistics", "research"], sublicensing_levels=1)
    await applied(api, GrantRight(raw, member.did, terms, salt))
    right_id = right_id_of(owner.did, raw, b"", salt)
    below = GrantRight(raw, owner.did, further_terms(terms, purposes=("research",)), salt, right_id)
    assert (await member.submit(client, [below])).applied
    further_id = right_id_of(member.did, raw, right_id, salt)
    found = await force(client, further_id)
    assert (found.in_force, found.code) == (True, "ok")
    assert found.terms is not None and found.terms["purposes"] == ["research"]
    assert [record["right_id"] for record in found.chain] == [further_id.hex(), right_id.hex()]
    shown = force_lines(found)
    assert shown[0].startswith("in force, at height ") and shown[-1] == f"  asset {raw.hex()}"
    await applied(api, RevokeRight(right_id))
    ended = await force(client, further_id)
    assert (ended.in_force, ended.code, ended.terms) == (False, "right-lapsed", None)
    assert force_lines(ended)[0].startswith("not in force (right-lapsed)")
    listed = [one["right_id"] async for one in client.all_records("rights", holder=member.did)]
    assert listed == [right_id.hex()]
