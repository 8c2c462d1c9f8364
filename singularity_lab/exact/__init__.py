"""The proof arm: what is proved of a germ, and how proofs are found and checked."""
