"""Key files: one signing key in one JSON document, encrypted or plainly marked as not secret.

```
{"format": "chainnode-key/1", "kind": "encrypted", "name": ..., "public_key": <hex>,
 "kdf": {"iterations": 3, "lanes": 4, "memory_kib": 65536, "name": "argon2id", "salt": <hex>},
 "cipher": {"name": "chacha20-poly1305", "nonce": <hex>, "ciphertext": <hex>}, "checksum": <hex>}

{"format": "chainnode-key/1", "kind": "development", "name": ..., "public_key": <hex>,
 "warning": "NOT SECRET ...", "seed": <hex>, "checksum": <hex>}
```

The checksum is SHA-256 over everything else, so that damage and a wrong passphrase are told apart; the cipher
authenticates everything but the ciphertext and the checksum as associated data, so that no field can be exchanged.
Bytes in, bytes out: who reads and writes the files also guards their permissions.

Source: RFC 9106, section 4 (second recommended parameters); RFC 8439.
"""

from hashlib import sha256
from typing import Annotated, Final, Literal

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from chainnode.crypto.ed25519 import SEED_BYTES, SigningKey
from chainnode.errors import ConfigError

FORMAT: Final = "chainnode-key/1"
PASSPHRASE_BYTES_MAX: Final = 1_024
SALT_BYTES: Final = 16
NONCE_BYTES: Final = 12
WARNING: Final = "NOT SECRET: this key is stored in the clear, for development only"
_KEY_BYTES: Final = 32

Hex = Annotated[str, msgspec.Meta(pattern="^(?:[0-9a-f]{2}){1,64}$")]
Hex32 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


class Cost(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one guess of the passphrase costs (Argon2id). Bounded above: the file may come from a stranger."""

    iterations: Annotated[int, msgspec.Meta(ge=1, le=64)] = 3
    lanes: Annotated[int, msgspec.Meta(ge=1, le=16)] = 4
    memory_kib: Annotated[int, msgspec.Meta(ge=8, le=1024 * 1024)] = 64 * 1024


class _Kdf(Cost, frozen=True, kw_only=True):
    name: Literal["argon2id"] = "argon2id"
    salt: Annotated[str, msgspec.Meta(pattern="^(?:[0-9a-f]{2}){8,64}$")]


class _Cipher(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: Literal["chacha20-poly1305"] = "chacha20-poly1305"
    nonce: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{24}$")]
    ciphertext: Hex


class _KeyFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    format: str
    kind: Literal["encrypted", "development"]
    name: Annotated[str, msgspec.Meta(max_length=128)]
    public_key: Hex32
    kdf: _Kdf | None = None
    cipher: _Cipher | None = None
    warning: str | None = None
    seed: Hex32 | None = None
    checksum: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")] = ""


class KeyInfo(msgspec.Struct, frozen=True):
    """What a key file says without its passphrase."""

    name: str
    kind: Literal["encrypted", "development"]
    public_key: str


def seal_key(
    key: SigningKey, *, name: str, passphrase: str, salt: bytes, nonce: bytes, cost: Cost | None = None
) -> bytes:
    """An encrypted key file.

    Args:
        key: what to keep.
        name: for people, up to 128 characters; not secret.
        passphrase: 1-1024 bytes of UTF-8.
        salt: ``SALT_BYTES`` random bytes, never used before.
        nonce: ``NONCE_BYTES`` random bytes.
        cost: of one guess; about 0.1 s and 64 MiB by default.

    Raises:
        ConfigError: ``passphrase-length``.
    """
    kdf = _Kdf(**msgspec.structs.asdict(cost or Cost()), salt=salt.hex())
    file = _KeyFile(format=FORMAT, kind="encrypted", name=name, public_key=key.public_key.hex(), kdf=kdf)
    sealed = ChaCha20Poly1305(_derive(kdf, passphrase)).encrypt(nonce, key.seed, msgspec.json.encode(file))
    return _render(msgspec.structs.replace(file, cipher=_Cipher(nonce=nonce.hex(), ciphertext=sealed.hex())))


def development_key(key: SigningKey, *, name: str) -> bytes:
    """A key file whose key anyone with the file has; it says so itself."""
    public_key, seed = key.public_key.hex(), key.seed.hex()
    return _render(
        _KeyFile(format=FORMAT, kind="development", name=name, public_key=public_key, warning=WARNING, seed=seed)
    )


def open_key(content: bytes, passphrase: str | None = None) -> SigningKey:
    """The key in a file; the passphrase is needed, and used, only for encrypted ones.

    Raises:
        ConfigError: ``key-file-malformed``, ``key-file-damaged``, ``passphrase-needed``, ``passphrase-length`` or
            ``wrong-passphrase``.
    """
    file = _parse(content)
    key = SigningKey(bytes.fromhex(file.seed) if file.seed is not None else _open_sealed(file, passphrase))
    if key.public_key.hex() != file.public_key:
        raise ConfigError("key-file-damaged", "the key does not belong to the public key beside it")
    return key


def key_info(content: bytes) -> KeyInfo:
    """What a key file says without its passphrase.

    Raises:
        ConfigError: ``key-file-malformed`` or ``key-file-damaged``.
    """
    file = _parse(content)
    return KeyInfo(file.name, file.kind, file.public_key)


def _open_sealed(file: _KeyFile, passphrase: str | None) -> bytes:
    if file.kdf is None or file.cipher is None:
        raise ConfigError("key-file-malformed", "an encrypted key file needs kdf and cipher")
    if passphrase is None:
        raise ConfigError("passphrase-needed", "the key file is encrypted, and no passphrase was given")
    cipher = ChaCha20Poly1305(_derive(file.kdf, passphrase))
    associated = msgspec.json.encode(msgspec.structs.replace(file, cipher=None, checksum=""))
    try:
        seed = cipher.decrypt(bytes.fromhex(file.cipher.nonce), bytes.fromhex(file.cipher.ciphertext), associated)
    except InvalidTag as error:
        raise ConfigError("wrong-passphrase", "the passphrase does not open this key") from error
    if len(seed) != SEED_BYTES:
        raise ConfigError("key-file-damaged", "the key file holds no seed", expected=SEED_BYTES, found=len(seed))
    return seed


def _derive(kdf: _Kdf, passphrase: str) -> bytes:
    secret = passphrase.encode("utf-8", "surrogateescape")
    if not 1 <= len(secret) <= PASSPHRASE_BYTES_MAX:
        raise ConfigError("passphrase-length", f"a passphrase has 1 to {PASSPHRASE_BYTES_MAX} bytes", found=len(secret))
    return Argon2id(
        salt=bytes.fromhex(kdf.salt),
        length=_KEY_BYTES,
        iterations=kdf.iterations,
        lanes=kdf.lanes,
        memory_cost=max(kdf.memory_kib, 8 * kdf.lanes),
    ).derive(secret)


def _checksum(file: _KeyFile) -> str:
    return sha256(msgspec.json.encode(msgspec.structs.replace(file, checksum=""))).hexdigest()


def _render(file: _KeyFile) -> bytes:
    complete = msgspec.structs.replace(file, checksum=_checksum(file))
    return msgspec.json.format(msgspec.json.encode(complete), indent=2) + b"\n"


def _parse(content: bytes) -> _KeyFile:
    try:
        file = msgspec.json.decode(content, type=_KeyFile)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError("key-file-malformed", f"not a key file: {error}") from error
    if file.format != FORMAT or (file.kind == "development") != (file.seed is not None):
        raise ConfigError("key-file-malformed", "not such a key file", expected=FORMAT, found=file.format[:64])
    if file.checksum != _checksum(file):
        raise ConfigError("key-file-damaged", "the file was changed or cut: its checksum does not match")
    return file
