"""Types of single fields with the bounds that decoding enforces."""

from typing import Annotated

from msgspec import Meta

from consensus import limits

ChainId = Annotated[str, Meta(min_length=1, max_length=limits.CHAIN_ID_CHARS_MAX)]
Epoch = Annotated[int, Meta(ge=0, le=limits.HEIGHT_MAX)]
Height = Annotated[int, Meta(ge=0, le=limits.HEIGHT_MAX)]
View = Annotated[int, Meta(ge=0, le=limits.VIEW_MAX)]
PreparedView = Annotated[int, Meta(ge=-1, le=limits.VIEW_MAX)]
Sender = Annotated[int, Meta(ge=0, lt=limits.VALIDATORS_MAX)]
Hash = Annotated[bytes, Meta(min_length=limits.HASH_BYTES, max_length=limits.HASH_BYTES)]
HashOrEmpty = Annotated[bytes, Meta(max_length=limits.HASH_BYTES)]
Signature = Annotated[bytes, Meta(min_length=limits.SIGNATURE_BYTES, max_length=limits.SIGNATURE_BYTES)]
Signers = Annotated[bytes, Meta(min_length=1, max_length=limits.SIGNERS_BYTES_MAX)]
Signatures = Annotated[tuple[Signature, ...], Meta(min_length=1, max_length=limits.VALIDATORS_MAX)]
Proposal = Annotated[bytes, Meta(min_length=1, max_length=limits.PROPOSAL_BYTES_MAX)]
