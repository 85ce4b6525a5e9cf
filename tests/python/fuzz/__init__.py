"""Damaged, odd and hostile deliveries, drawn by seed, and what landing must make of them.

`tables` draws what an export says, `files` writes it down in every format and damages it where it
knows what must come of it, `damage` spoils any bytes, `answers` the platform's JSON, `reader` reads
text the plain way, and `judge` lands files and holds the lake against all that.
"""
