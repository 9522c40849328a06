"""The units of the province and what becomes of them."""
