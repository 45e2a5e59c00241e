"""Who sits where, who is heard where, and in what order: draws that anybody can compute again.

Usable alone: numpy and the standard library, no database, no clock, no randomness of its own. The
same input and seed give the same bytes everywhere. Plain JSON, as it stands in a draw's manifest:

    from seating.seats import seats_v1, shortage_v1
    from seating.checking import check_v1

    groups = [{"id": "01", "labels": ["A1", "A2", "A3"],
               "apart": {"school": ["s", "s", None]}, "rules": {"caps": {"school": 5}, "forms": 2},
               "slots": [{"id": "01-01", "layout": "5x6", "capacity": 30}]}]
    shortage_v1(groups)              # before there is a seed: what cannot work, and why; else []
    result = seats_v1(groups, seed)  # seed: 64 hex digits
    check_v1(groups, result)         # from input and outcome alone: what is wrong; else []

For millions of people the same as columns: `columns.Plan`, `seats.draw`, `checking.check`; a
district alone with `Plan.only`, a room alone with `seats.redraw_room`.

- `order`: order/v1, people of a group in ticket order into slots.
- `seats`: seats/v1, rooms, seats and paper forms; `manifest` says the shape of its input,
  `opening`, `dealing`, `crowds`, `neighbours`, `repair` and `walk` define its steps to the byte.
- `groups`: groups/v1, which panel hears which interview group.
- `layouts`: where seat number n stands.
- `findings`: every sentence about what cannot work or is wrong, as text with parameters.
- `chance`: the tickets and words of a seed.
"""
