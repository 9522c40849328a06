"""Private parts, sealed; pseudonyms."""
