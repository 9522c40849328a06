"""What every HTTP face has in common: the app, problems as answers, pages, packing, limits."""
