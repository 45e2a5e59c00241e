"""A second program for scores: raw sheets and marks to outcomes, 60 lines, sharing no code."""

from fractions import Fraction as F


def cut(value, decimals, truncate):
    if decimals is None:
        return value
    scaled = abs(value) * 10**decimals + (0 if truncate else F(1, 2))
    return F(scaled.__floor__() if value >= 0 else -scaled.__floor__(), 10**decimals)


def middle(values, high, low):
    return sorted(values)[low : len(values) - high]


def interview(e, sheets):
    if e["per_element"]:
        kept = {c: middle([s[c] for s in sheets], *e["drop"]) for c in e["elements"]}
        mean = sum(w * sum(kept[c]) / len(kept[c]) for c, w in e["elements"].items())
    else:
        totals = [sum(s[c] * w for c, w in e["elements"].items()) for s in sheets]
        kept = middle(totals, *e["drop"])
        mean = sum(kept) / len(kept)
    return cut(mean, e["decimals"], e["truncate"])


def corrected(e, panels):
    (drop, kind, add), (d1, d2), truncate = e["correction"], e["on_the_way"], e["truncate"]
    kept = [middle(p, drop, drop) for p in panels]
    means = [cut(sum(k) / len(k), d1, truncate) for k in kept]
    everybody = middle([x for p in panels for x in p], drop, drop)
    pool = {"means": means, "kept": [x for k in kept for x in k], "all": everybody}[kind]
    target = cut(sum(pool) / len(pool), d1, truncate)
    moves = [cut(target - m if add else target / m, d2, truncate) for m in means]
    both = [(x, m) for p, m in zip(panels, moves, strict=True) for x in p]
    return [cut(x + m if add else x * m, e["decimals"], truncate) for x, m in both]


def score(e, p, alone):
    held = {to: [v for s, v in e["bonus"][to] if s in p["statuses"]] for to in e["bonus"]}
    plus = {to: sum(v) if e["add_up"] else max(v, default=0) for to, v in held.items()}
    exact = sum(p["marks"][c] * w for c, w in e["subjects"].items()) / e["divisor"]
    written = cut(exact, e["decimals"], e["truncate"]) + plus["written"]
    spoken, (w1, w2) = p["interview"] + plus["interview"], e["weights"]
    total = cut(written * w1 + spoken * w2, e["decimals"], e["truncate"]) + plus["total"]
    exact = (exact + plus["written"]) * w1 + spoken * w2 + plus["total"]
    known = {"written": written, "interview": spoken, "total": total, "exact": exact, **p["marks"]}
    if (alone and spoken < e["alone_line"]) or any(known[k] < v for k, v in e["lines"].items()):
        return "below"
    return [total, *(known.get(tie, tie in p["statuses"]) for tie in e["ties"])]


def outcomes(e, people):
    came = [p for p in people if None not in p["marks"].values()]
    alone, places, ratio = len(came) < e["vacancies"] * e["alone"], e["vacancies"], e["shrink"]
    if came and len(came) < places * ratio:
        places = max(1, (F(len(came), ratio) + F(1, 2)).__floor__())
    for p in people:
        p["is"] = score(e, p, alone) if p in came else "absent"
    ranked = [p["is"] for p in people if isinstance(p["is"], list)]
    for p in people:
        best = sum(one > p["is"] for one in ranked) if p["is"] in ranked else None
        last = "tied" if best is not None and best < places else "not"
        fits = best is not None and best + ranked.count(p["is"]) <= places
        yield (None, p["is"]) if best is None else (best + 1, "proposed" if fits else last)
