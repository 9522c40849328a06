"""The log: sequencer, tree, checkpoints, proofs, and the verifier of a log from outside."""
