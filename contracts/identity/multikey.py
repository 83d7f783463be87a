"""Public keys as Multikey text: multicodec prefix and key in base58btc, marked ``z``.

Source: Controlled Identifiers 1.0, sections 2.4 (Multibase) and 2.2.2 (Multikey); Multicodec table.
"""

from typing import Final

MULTICODEC: Final[dict[str, bytes]] = {
    "ed25519": b"\xed\x01",
    "x25519": b"\xec\x01",
    "p256": b"\x80\x24",
}
"""Prefix of each algorithm's public keys: the code as an unsigned varint."""
_ALPHABET: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def base58btc(data: bytes) -> str:
    """``data`` in base 58; each leading zero byte is one ``1``."""
    number = int.from_bytes(data, "big")
    digits: list[str] = []
    while number:
        number, digit = divmod(number, 58)
        digits.append(_ALPHABET[digit])
    zeros = len(data) - len(data.lstrip(b"\x00"))
    return "1" * zeros + "".join(reversed(digits))


def multikey(algorithm: str, public_key: bytes) -> str:
    """The ``publicKeyMultibase`` of a key of a known algorithm."""
    return "z" + base58btc(MULTICODEC[algorithm] + public_key)
