"""Documents on paper: admission tickets, certificates, notices, slips, and the photos on them.

A kit: it is given everything it prints, keeps nothing and reads no clock. The same input gives the
same bytes (a signature adds its own randomness). Text and tables are set in Noto Sans SC.
"""
