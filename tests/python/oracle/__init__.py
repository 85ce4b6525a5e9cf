"""A whole organization's bill in plain Python, for comparison with the warehouse.

Slow, small and independent: it reads the raw files of an inbox, shares nothing with the models
and follows the rules by their id, so that a reviewer can check it against the rulebook.
"""
