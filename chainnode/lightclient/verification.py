"""From one trusted header to another: forwards by its validators, backwards by the tree of all block hashes.

Rules of ``verify``, in this order; the first that fails is the one reported:

1. The trusted header is younger than the trusting period.
2. The header is of the same chain, higher, later, and not ahead of our clock by the drift or more.
3. It stands on the trusted block: a chain of the same name with another beginning, or a fork from before the
   trusted block, fails here even if the same keys signed it.
4. It was decided by a quorum of the list that it names, and that list is either the one that the trusted header names
   as next, or of a later epoch; then more than one third of the members of the one named as next are among the
   signers.

One third plus one contains an honest member, who signs for no set but the real one.

Source: ICS-07, "validity predicate" and "misbehaviour predicate"; CometBFT light client, VerifyNonAdjacent.
"""

from chainnode.crypto.hashing import ZERO_HASH
from chainnode.lightclient.client_state import ClientOptions, ConsensusState, Untrusted
from chainnode.lightclient.errors import LightClientError
from chainnode.lightclient.header_format import HeaderFormat
from chainnode.lightclient.own_chain import OWN_CHAIN


def check_options(options: ClientOptions) -> None:
    """Refuse a trust level below one third or above one: less contains no honest member for sure.

    Raises:
        LightClientError: ``trust-level``.
    """
    numerator, denominator = options.trust_numerator, options.trust_denominator
    if 3 * numerator < denominator or numerator > denominator:
        raise LightClientError("trust-level", "a trust level lies between 1/3 and 1", of=denominator, found=numerator)


def is_expired(trusted: ConsensusState, options: ClientOptions, now_ms: int) -> bool:
    """Whether ``trusted`` is too old to vouch for another header; at the last millisecond it is."""
    return trusted.time_ms + options.trusting_period_ms <= now_ms


def check_alive(trusted: ConsensusState, options: ClientOptions, now_ms: int) -> None:
    """Refuse a client whose newest state is too old.

    Raises:
        LightClientError: ``client-expired``.
    """
    if is_expired(trusted, options, now_ms):
        raise LightClientError("client-expired", "the trusted header is older than the trusting period", now_ms=now_ms)


def verify(
    trusted: ConsensusState,
    untrusted: Untrusted,
    options: ClientOptions,
    now_ms: int,
    header_format: HeaderFormat = OWN_CHAIN,
) -> ConsensusState:
    """What is known once ``untrusted`` is verified against ``trusted`` at ``now_ms`` (milliseconds since 1970 UTC).

    Costs one signature check for each signer (31 validators: about 2 ms) and log2(height) hashes.

    Raises:
        LightClientError: ``client-expired``; ``chain-id``, ``height-not-above``, ``time-not-later``, ``time-ahead``;
            ``ancestry``; ``epoch-set`` (a second set for an epoch), ``trusted-validators-missing``, ``overlap``; a
            ``header-`` or ``validators-`` code, ``validators-hash``, or a code of the format's ``check_decision``.
    """
    check_options(options)
    check_alive(trusted, options, now_ms)
    chain_id, found = header_format.read(untrusted.header)
    _check_chain(chain_id, options)
    if found.height <= trusted.height:
        raise LightClientError("height-not-above", "the trusted header is as high or higher", trusted=trusted.height)
    if found.time_ms <= trusted.time_ms:
        raise LightClientError("time-not-later", "a higher header is later", trusted=trusted.time_ms)
    if found.time_ms >= now_ms + options.clock_drift_ms:
        raise LightClientError("time-ahead", "the header's time is ahead of ours", now_ms=now_ms)
    header_format.check_ancestry(trusted, found, untrusted.ancestry)
    check_decided(trusted, untrusted, found, options, header_format)
    return found


def check_nearest(
    found: ConsensusState, trusted: ConsensusState, below: ConsensusState | None, above: ConsensusState | None
) -> None:
    """Hold a header against the nearest ones that a client keeps, not only against the one it is verified from.

    ``verify`` knows one header. A client that has seen later ones knows which sets have handed over since: members who
    left, or a third of them, must not vouch for a block by an old header that still names them. So the set is the one
    that the nearest lower header names, unless that is itself ``trusted``; and the one of the nearest higher header,
    where there is one: a header of an earlier set comes by ``verify_past``.

    Args:
        found: the header to be verified, or verified.
        trusted: what it is verified from.
        below: of what the client keeps the highest at or below ``found``.
        above: ... and the lowest above it.

    Raises:
        LightClientError: ``set-outdated``.
    """
    if below is not None and below.height == found.height:
        fits = found.validators_hash == below.validators_hash
    else:
        fits = above is None or found.validators_hash == above.validators_hash
        if below is not None and below.height != trusted.height:
            fits = fits and found.validators_hash == below.next_validators_hash
    if not fits:
        raise LightClientError("set-outdated", "a nearer header that is kept names another set", height=found.height)


def verify_past(
    trusted: ConsensusState,
    header: bytes,
    path: tuple[bytes, ...],
    options: ClientOptions,
    now_ms: int,
    header_format: HeaderFormat = OWN_CHAIN,
) -> ConsensusState:
    """The state of a header *below* the trusted one: ``path`` leads from its hash to the trusted ``history_root``.

    Costs log2(height) hashes and no signature.

    Raises:
        LightClientError: ``client-expired``, a ``header-`` code, ``chain-id``, ``height-not-below`` or ``ancestry``.
    """
    check_alive(trusted, options, now_ms)
    chain_id, found = header_format.read(header)
    _check_chain(chain_id, options)
    if found.height >= trusted.height:
        raise LightClientError("height-not-below", "the trusted header is as low or lower", trusted=trusted.height)
    header_format.check_ancestry(found, trusted, path)
    return found


def begin(
    header: bytes, path: tuple[bytes, ...], options: ClientOptions, header_format: HeaderFormat = OWN_CHAIN
) -> ConsensusState:
    """The state that a client begins with: of a header whose hash those who create the client agreed on.

    ``path`` leads from the genesis hash of the options to the header's ``history_root``; empty for the genesis header.

    Raises:
        LightClientError: ``trust-level``, a ``header-`` code, ``chain-id`` or ``genesis-hash``.
    """
    check_options(options)
    chain_id, found = header_format.read(header)
    _check_chain(chain_id, options)
    if found.height == 0:
        if found.block_hash != options.genesis_hash or path:
            raise LightClientError("genesis-hash", "the header is of a chain with another genesis")
        return found
    # Of the first block the history needs its place and hash only.
    first = ConsensusState(0, 0, options.genesis_hash, ZERO_HASH, ZERO_HASH, 0, ZERO_HASH, ZERO_HASH)
    try:
        header_format.check_ancestry(first, found, path)
    except LightClientError as error:
        raise LightClientError("genesis-hash", "the header is of a chain with another genesis") from error
    return found


def check_decided(
    trusted: ConsensusState,
    untrusted: Untrusted,
    found: ConsensusState,
    options: ClientOptions,
    header_format: HeaderFormat,
) -> None:
    """Rule 4 alone: the sets. ``found`` is what ``header_format.read`` gave for ``untrusted.header``.

    Raises:
        LightClientError: as ``verify``.
    """
    kind = untrusted.decision_kind
    before = None
    if untrusted.trusted_validators:
        # Checked wherever it is given: nothing that was submitted goes unread.
        before = header_format.weights(untrusted.trusted_validators, trusted.next_validators_hash, kind)
    named = found.validators_hash == trusted.next_validators_hash or (
        found.validators_hash == trusted.validators_hash and found.height <= trusted.height
    )
    if not named and found.epoch <= trusted.next_epoch:
        raise LightClientError("epoch-set", "an epoch has one set, and the trusted header names another")
    if not named and before is None:
        raise LightClientError("trusted-validators-missing", "the trusted header does not name this set")
    signers = header_format.check_decision(untrusted, found)
    if named or before is None:
        return
    known = signers & before.keys()
    signed = sum(before[key] for key in sorted(known))
    total = sum(before.values())
    if signed * options.trust_denominator <= total * options.trust_numerator:
        raise LightClientError("overlap", "too few members of the trusted set signed", found=signed, of=total)
    header_format.check_keys(untrusted, signers - known)


def _check_chain(chain_id: str, options: ClientOptions) -> None:
    if chain_id != options.chain_id:
        raise LightClientError("chain-id", "the header belongs to another chain", found=chain_id)
