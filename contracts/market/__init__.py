"""Trading: boards, listings, and trades from the order to the certificate."""
