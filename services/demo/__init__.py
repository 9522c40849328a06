"""The fictional province An Sơn: its tree, its inspections, and the load that files them over HTTP."""
