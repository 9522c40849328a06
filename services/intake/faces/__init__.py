"""Pages, the form's shell and its scripts."""
