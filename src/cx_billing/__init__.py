"""Recompute, explain and reconcile a Genesys Cloud CX bill from raw usage."""
