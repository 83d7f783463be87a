"""A real one-validator chain with its API on a free loopback port, a client of it, and a bare HTTP session."""

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from chainnode.api.server import ApiServer
from chainnode.api.settings import ApiSettings
from chainnode.node.wiring import Node
from chainnode.sdk.client import Client
from chainnode.sdk.wallet import Wallet
from tests.support.cluster import CHAIN_ID, Cluster, cluster

MSGPACK = "application/msgpack"
UNLIMITED = ApiSettings(rate_per_second=0)


@dataclass
class ApiNode:
    """What a test of the API works with."""

    net: Cluster
    node: Node
    server: ApiServer
    client: Client
    http: aiohttp.ClientSession

    @property
    def url(self) -> str:
        return self.server.url

    def wallet(self, identity: str = "harbour-exchange") -> Wallet:
        return Wallet(CHAIN_ID, [self.net.key(identity)])

    async def get(self, path: str, **options: Any) -> tuple[int, Any, aiohttp.ClientResponse]:
        return await self.ask("GET", path, **options)

    async def post(
        self, body: object, media_type: str = MSGPACK, path: str = "/v1/transactions", **options: Any
    ) -> tuple[int, Any, aiohttp.ClientResponse]:
        data = body if isinstance(body, bytes | io.IOBase) else msgspec.json.encode(body)
        headers = {"Content-Type": media_type} | options.pop("headers", {})
        return await self.ask("POST", path, data=data, headers=headers, **options)

    async def ask(self, method: str, path: str, **options: Any) -> tuple[int, Any, aiohttp.ClientResponse]:
        async with self.http.request(method, self.url + path, **options) as response:
            content = await response.read()
            is_json = response.content_type in {"application/json", "application/problem+json"}
            return response.status, msgspec.json.decode(content) if is_json and content else content, response


@asynccontextmanager
async def api_node(
    folder: Path, settings: ApiSettings = UNLIMITED, *, validators: int = 1, start: int | None = None
) -> AsyncIterator[ApiNode]:
    """The first node of a network and its API; ``start`` nodes run (default all)."""
    names = [f"validator-{number}" for number in range(validators if start is None else start)]
    async with cluster(folder, validators=validators, start=names) as net:
        node = net.nodes[names[0]]
        server = ApiServer(node.service, "127.0.0.1", 0, settings)
        await server.start()
        try:
            async with Client([server.url], patience_ms=5_000) as client, aiohttp.ClientSession() as http:
                yield ApiNode(net, node, server, client, http)
        finally:
            await server.close()
