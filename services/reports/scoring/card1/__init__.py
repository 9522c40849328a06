"""Method card/1: its arithmetic, what a card shows of it, and how it explains a card. Pure."""
