"""Public keys as Multikey text: multicodec prefix and key in base58btc, marked ``z``.

Source: Controlled Identifiers 1.0, sections 2.4 (Multibase) and 2.2.2 (Multikey); Multicodec table.
"""

from typing import Final

from contracts.identity.record import KEY_BYTES

MULTICODEC: Final[dict[str, bytes]] = {
    "ed25519": b"\xed\x01",
    "x25519": b"\xec\x01",
    "p256": b"\x80\x24",
}
"""Prefix of each algorithm's public keys: the code as an unsigned varint."""
BASE58_CHARS_MAX: Final = 128
"""A signature takes 88, a key 50; what is longer costs quadratic time and is neither."""
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


def base58btc_bytes(text: str) -> bytes | None:
    """What ``base58btc`` writes as ``text`` (at most 128 characters); None where it writes nothing so."""
    if len(text) > BASE58_CHARS_MAX:
        return None
    number = 0
    for letter in text:
        digit = _ALPHABET.find(letter)
        if digit < 0:
            return None
        number = number * 58 + digit
    zeros = len(text) - len(text.lstrip("1"))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")


def read_multikey(text: str) -> tuple[str, bytes] | None:
    """Algorithm and public key of a ``publicKeyMultibase``; None for what is no key of a known algorithm."""
    data = base58btc_bytes(text[1:]) if text.startswith("z") else None
    if data is None:
        return None
    for algorithm, prefix in MULTICODEC.items():
        public_key = data[len(prefix) :]
        if data.startswith(prefix) and len(public_key) == KEY_BYTES[algorithm]:
            return algorithm, public_key
    return None
