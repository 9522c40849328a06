"""Another version of the working calendar, published and watched."""
