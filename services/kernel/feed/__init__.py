"""The verified log as a service reads it: entries in log order under checked checkpoints."""
