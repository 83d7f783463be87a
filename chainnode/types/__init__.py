"""What the ledger is made of: transactions, blocks, receipts, validator sets, genesis."""
