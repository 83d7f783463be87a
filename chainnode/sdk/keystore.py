"""Key files: one signing key in one JSON document.

    {"format": "chainnode-key/1", "kind": "encrypted", "name": ..., "public_key": <hex>,
     "kdf": {"name": "argon2id", "salt": <hex>, "iterations": 3, "lanes": 4, "memory_kib": 65536},
     "cipher": {"name": "chacha20-poly1305", "nonce": <hex>, "ciphertext": <hex>}, "checksum": <hex>}

    {"format": "chainnode-key/1", "kind": "development", "name": ..., "public_key": <hex>,
     "warning": "NOT SECRET ...", "seed": <hex>, "checksum": <hex>}

The checksum is SHA-256 over everything else, so that damage and a wrong passphrase are told apart; the cipher
authenticates everything but the ciphertext and the checksum as associated data, so that no field can be exchanged.
Files are created with mode 0600, never overwritten, and read only when nobody else can read them.

Source: RFC 9106, section 4 (second recommended parameters); RFC 8439.
"""

import os
import secrets
import stat
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from chainnode.crypto.ed25519 import SEED_BYTES, SigningKey
from chainnode.errors import ConfigError

FORMAT: Final = "chainnode-key/1"
FILE_BYTES_MAX: Final = 16 * 1024
PASSPHRASE_BYTES_MAX: Final = 1_024
WARNING: Final = "NOT SECRET: this key is stored in the clear, for development only"
_KEY_BYTES: Final = 32

Hex = Annotated[str, msgspec.Meta(pattern="^(?:[0-9a-f]{2}){1,64}$")]


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
    public_key: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
    kdf: _Kdf | None = None
    cipher: _Cipher | None = None
    warning: str | None = None
    seed: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")] | None = None
    checksum: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")] = ""


class KeyInfo(msgspec.Struct, frozen=True):
    """What a key file says without its passphrase."""

    name: str
    kind: str
    public_key: str


def write_key(path: Path, key: SigningKey, *, name: str, passphrase: str, cost: Cost | None = None) -> None:
    """Create an encrypted key file, readable by its owner alone.

    Args:
        path: must not exist.
        key: what to keep.
        name: for people, up to 128 characters; not secret.
        passphrase: 1-1024 bytes of UTF-8.
        cost: of one guess; about 0.1 s and 64 MiB by default.

    Raises:
        ConfigError: ``key-file-exists``, ``key-file-unwritable``, or ``passphrase-length``.
    """
    kdf = _Kdf(**msgspec.structs.asdict(cost or Cost()), salt=secrets.token_hex(16))
    nonce = secrets.token_bytes(12)
    file = _KeyFile(format=FORMAT, kind="encrypted", name=name, public_key=key.public_key.hex(), kdf=kdf)
    sealed = ChaCha20Poly1305(_derive(kdf, passphrase)).encrypt(nonce, key.seed, _associated(file))
    cipher = _Cipher(nonce=nonce.hex(), ciphertext=sealed.hex())
    _create(path, msgspec.structs.replace(file, cipher=cipher))


def write_development_key(path: Path, key: SigningKey, *, name: str) -> None:
    """Create a key file whose key anyone with the file has; it says so itself.

    Raises:
        ConfigError: ``key-file-exists`` or ``key-file-unwritable``.
    """
    public_key, seed = key.public_key.hex(), key.seed.hex()
    _create(
        path, _KeyFile(format=FORMAT, kind="development", name=name, public_key=public_key, warning=WARNING, seed=seed)
    )


def read_key(path: Path, passphrase: str | None = None) -> SigningKey:
    """The key in a file; the passphrase is needed, and used, only for encrypted ones.

    Raises:
        ConfigError: ``key-file-missing``, ``key-file-permissions``, ``key-file-malformed``, ``key-file-damaged``,
            ``passphrase-needed``, ``passphrase-length`` or ``wrong-passphrase``.
    """
    file = _read(path)
    if file.seed is not None:
        key = SigningKey(bytes.fromhex(file.seed))
    else:
        key = SigningKey(_open_sealed(path, file, passphrase))
    if key.public_key.hex() != file.public_key:
        raise ConfigError("key-file-damaged", f"{path}: the key does not belong to the public key beside it")
    return key


def key_info(path: Path) -> KeyInfo:
    """What a key file says without its passphrase.

    Raises:
        ConfigError: as ``read_key``, the passphrase aside.
    """
    file = _read(path)
    return KeyInfo(file.name, file.kind, file.public_key)


def _open_sealed(path: Path, file: _KeyFile, passphrase: str | None) -> bytes:
    if file.kdf is None or file.cipher is None:
        raise ConfigError("key-file-malformed", f"{path}: an encrypted key file needs kdf and cipher")
    if passphrase is None:
        raise ConfigError("passphrase-needed", f"{path} is encrypted; give its passphrase")
    sealed = ChaCha20Poly1305(_derive(file.kdf, passphrase))
    associated = _associated(msgspec.structs.replace(file, cipher=None, checksum=""))
    try:
        seed = sealed.decrypt(bytes.fromhex(file.cipher.nonce), bytes.fromhex(file.cipher.ciphertext), associated)
    except InvalidTag as error:
        raise ConfigError("wrong-passphrase", f"{path}: the passphrase does not open this key") from error
    if len(seed) != SEED_BYTES:
        raise ConfigError("key-file-damaged", f"{path}: holds {len(seed)} bytes instead of a seed of {SEED_BYTES}")
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


def _associated(file: _KeyFile) -> bytes:
    """Everything the file says in the clear, in field order."""
    return msgspec.json.encode(file)


def _checksum(file: _KeyFile) -> str:
    return sha256(msgspec.json.encode(msgspec.structs.replace(file, checksum=""))).hexdigest()


def _create(path: Path, file: _KeyFile) -> None:
    complete = msgspec.structs.replace(file, checksum=_checksum(file))
    content = msgspec.json.format(msgspec.json.encode(complete), indent=2) + b"\n"
    try:
        # O_EXCL: two keys never share a file, and a planted link is not followed.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600)
    except FileExistsError as error:
        raise ConfigError("key-file-exists", f"{path} exists; a key is never overwritten", path=str(path)) from error
    except OSError as error:
        raise ConfigError("key-file-unwritable", f"{path} cannot be created: {error.strerror}") from error
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def _read(path: Path) -> _KeyFile:
    try:
        with path.open("rb") as stream:
            mode = os.fstat(stream.fileno()).st_mode
            content = stream.read(FILE_BYTES_MAX + 1)
    except FileNotFoundError as error:
        raise ConfigError("key-file-missing", f"{path} does not exist", path=str(path)) from error
    except OSError as error:
        raise ConfigError("key-file-missing", f"{path} cannot be read: {error.strerror}", path=str(path)) from error
    if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ConfigError(
            "key-file-permissions",
            f"{path} can be read by others; run: chmod 600 {path}",
            expected="0600",
            found=f"{stat.S_IMODE(mode):04o}",
        )
    try:
        file = msgspec.json.decode(content, type=_KeyFile)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError("key-file-malformed", f"{path} is not a key file: {error}", path=str(path)) from error
    if file.format != FORMAT or (file.kind == "development") != (file.seed is not None):
        raise ConfigError("key-file-malformed", f"{path} is not a key file of format {FORMAT}", found=file.format[:64])
    if file.checksum != _checksum(file):
        raise ConfigError("key-file-damaged", f"{path} was changed or cut: its checksum does not match")
    return file
