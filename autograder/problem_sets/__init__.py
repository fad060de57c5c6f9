"""Source notebooks: what must be true of them, what students get of them, and what is run of them."""
