"""The log of acts: rows in the act's own transaction, then a tree that only grows."""
