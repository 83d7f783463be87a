"""What the API counts about itself, in the node's own metrics registry."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class ApiMeter:
    """Requests by route template, method and status: a handful of series, whatever clients send."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.requests = Counter(
            "chainnode_api_requests", "Requests answered.", ("route", "method", "status"), registry=registry
        )
        self.seconds = Histogram(
            "chainnode_api_request_seconds",
            "From the headers to the answer.",
            ("route",),
            buckets=_SECONDS,
            registry=registry,
        )
        self.problems = Counter(
            "chainnode_api_problems", "Refusals and failures by code.", ("code",), registry=registry
        )
        self.submitted = Counter("chainnode_api_submitted", "Envelopes by outcome.", ("outcome",), registry=registry)
        self.in_flight = Gauge("chainnode_api_in_flight", "Requests being answered.", registry=registry)
        self.connections = Gauge("chainnode_api_connections", "Open connections.", registry=registry)
