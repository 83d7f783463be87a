"""The node and its chain about themselves: status, health, metrics, genesis, problems, and where to begin."""

from typing import Any, Final

import msgspec
from aiohttp import web
from prometheus_client import generate_latest

from chainnode.api.answer import bytes_response, document_response, wants_bytes
from chainnode.api.problems import problem_document, problem_index
from chainnode.api.routes import JSON, MSGPACK, Call, Route
from chainnode.api.view import plain, struct_document, text64
from chainnode.types.validator_set import validators_hash
from consensus.quorum import quorum_of
from contracts.kernel.registry import COLLECTIONS

METRICS_TYPE: Final = "text/plain"


async def index(call: Call) -> web.StreamResponse:
    """What this is, and the entry points."""
    service = call.service
    links = {
        "status": "/v1/status",
        "latest block": "/v1/blocks/latest",
        "blocks": "/v1/blocks",
        "catalogue": "/v1/catalogue",
        "validators": "/v1/validators",
        "genesis": "/v1/genesis",
        "problems": "/problems",
        "health": "/readyz",
        "metrics": "/metrics",
    }
    document = {
        "service": "chainnode",
        "name": service.name,
        "role": service.role,
        "chain_id": service.chain_id,
        "genesis_hash": service.genesis_hash.hex(),
        "links": links,
        "collections": [f"/v1/{name}" for name in COLLECTIONS],
    }
    return document_response(call, document)


async def status(call: Call) -> web.StreamResponse:
    """Where this node stands."""
    return document_response(call, _document(call.service.status()))


def _document(value: Any) -> Any:
    """A struct with its inner structs by field names."""
    if isinstance(value, msgspec.Struct):
        return {name: _document(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, list | tuple):
        return [_document(item) for item in value]
    return plain(value)


async def validators(call: Call) -> web.StreamResponse:
    """The voting members of the running epoch, in voting order."""
    found = call.service.queries.validators()
    members = [{"index": at, **struct_document(member)} for at, member in enumerate(found.validators)]
    document = {
        "epoch": found.epoch,
        "quorum": quorum_of(len(members)),
        "validators_hash": validators_hash(found).hex(),
        "validators": members,
    }
    return document_response(call, document)


async def parameters(call: Call) -> web.StreamResponse:
    """The chain's parameters in force."""
    return document_response(call, struct_document(call.service.queries.parameters()))


async def genesis(call: Call) -> web.StreamResponse:
    """The genesis document and its hash; as MessagePack the document alone."""
    data = call.service.queries.genesis()
    if wants_bytes(call):
        return bytes_response(call, data, MSGPACK, immutable=True)
    document = {
        "chain_id": call.service.chain_id,
        "genesis_hash": call.service.genesis_hash.hex(),
        "genesis": text64(data),
    }
    return document_response(call, document, immutable=True)


async def alive(call: Call) -> web.StreamResponse:
    """The process answers; nothing else is claimed."""
    return document_response(call, {"status": "alive"})


async def ready(call: Call) -> web.StreamResponse:
    """Whether this node can do its work: 200, or 503 with the checks that fail."""
    checks = [struct_document(check) for check in call.service.health()]
    failed = [check["name"] for check in checks if not check["ok"]]
    document = {"status": "not ready" if failed else "ready", "failed": failed, "checks": checks}
    return document_response(call, document, status=503 if failed else 200)


async def metrics(call: Call) -> web.StreamResponse:
    """Prometheus text format 0.0.4."""
    body = generate_latest(call.service.metrics)
    return web.Response(body=body, headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})


async def problems(call: Call) -> web.StreamResponse:
    """Every code an answer can carry."""
    return document_response(call, problem_index())


async def problem(call: Call) -> web.StreamResponse:
    """What one code means, and what to do about it.

    Raises:
        NotFound: ``problem-not-found``.
    """
    return document_response(call, problem_document(call.path["code"]))


ROUTES: Final = (
    Route("GET", "/", index, "What this is"),
    Route("GET", "/v1/status", status, "Where this node stands"),
    Route("GET", "/v1/validators", validators, "Voting members"),
    Route("GET", "/v1/parameters", parameters, "The chain's parameters"),
    Route("GET", "/v1/genesis", genesis, "The genesis document", media_types=(JSON, MSGPACK)),
    Route("GET", "/problems", problems, "All problem codes"),
    Route("GET", "/problems/{code}", problem, "One problem code"),
    Route("GET", "/livez", alive, "The process answers", guarded=False),
    Route("GET", "/readyz", ready, "The node can work, or which checks fail", guarded=False),
    Route("GET", "/metrics", metrics, "Prometheus metrics", media_types=(METRICS_TYPE,), guarded=False),
)
