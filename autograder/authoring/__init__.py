"""Making a problem set: what must be true of it, what students get of it, and whether its tests catch mistakes."""
