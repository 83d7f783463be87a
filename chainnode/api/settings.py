"""What an operator may set about the API, with defaults that suit a node on a loopback address."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """Bounds of one listener. Times in milliseconds, rates per client address."""

    rate_per_second: int = 100
    """Tokens a client address earns; a plain request costs one. 0 = not limited."""
    rate_burst: int = 200
    """Tokens it can save."""
    requests_max: int = 256
    """Being answered at one time; three quarters of them may wait for a commit."""
    connections_max: int = 1_024
    """Open at one time; further ones are closed at once."""
    body_timeout_ms: int = 15_000
    """For one request body to arrive."""
    idle_timeout_ms: int = 30_000
    """A connection that neither finishes a request's headers nor has one answered is closed after this."""
    host_names: tuple[str, ...] = ()
    """Names this node answers for, beside IP addresses and localhost. Enforced when set, or on a loopback address."""
    tls_cert_file: Path | None = None
    """PEM chain for HTTPS; with ``tls_key_file``."""
    tls_key_file: Path | None = None
