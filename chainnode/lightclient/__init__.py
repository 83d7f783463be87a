"""What another chain's headers, proofs and attestations show, judged by arguments alone."""
