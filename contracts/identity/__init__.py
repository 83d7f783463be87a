"""Who acts: DID documents of this chain, their keys and their history."""
