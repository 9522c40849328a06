"""The offline verifier: a log read from outside, checked, copied, watched."""
