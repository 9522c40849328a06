"""The person concerned: a link for one time, to see what is said, who has read it, and to answer."""
