"""What the three services share, knowing none of them."""
