"""Answer similarity: how much more two answer sheets agree than their writers' abilities explain.

Arrays in, arrays out; numpy only; nothing here knows names, rooms or a database, and nothing here
is a verdict: a p-value says how surprising the agreement is, never who copied.

1. `answers`: sheets as an array of options, omits as -1 and masked everywhere; forms with another
   order of options are mapped to the master first.
2. A model gives every candidate the probability of every option: `nominal` with `ability` and
   `calibration`, or `classical` (Wesolowsky) where the exam is too small for that.
3. `screen`: all pairs against integer thresholds on bit planes; `block`: exact omega of a room.
4. `comparison`: all statistics of the pairs that are left, from `agreement` (what agrees, and with
   what chance), `omega`, `binomial` (GBT), `trinomial` (M4), `ratio` (the copying likelihood
   ratio, also against a leaked key), `kindex` (K, K1, K2, S1, S2) and `wrong` (wrong matches).
5. `rings`: flagged pairs that hang together.
"""
