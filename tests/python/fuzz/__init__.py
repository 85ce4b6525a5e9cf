"""Damaged, odd and hostile deliveries, drawn by seed, and what landing must make of them.

`tables` draws what an export says; `csv_files`, `json_files` and `other_files` write it down and
damage it where they know what must come of it; `files` draws any of these, each a case of `cases`.
`damage` spoils any bytes, `answers` the platform's JSON, `reader` reads text the plain way, and
`judge` lands files and holds the lake against all that.
"""
