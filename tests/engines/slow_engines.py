"""The draws once more, slowly and in plain lists: written from the definition, not from the engine.

Nothing here imports an engine. Tickets are those of draw/v1: SHA-256 of "<seed>:<purpose>:<label>".
"""

import hashlib
import json


def tickets(seed, purpose):
    return lambda label: hashlib.sha256(f"{seed}:{purpose}:{label}".encode()).digest()


def canonical(value) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def slow_order(groups, ticket):
    results = []
    for group in groups:
        waiting = list(group["labels"])
        line = []
        while waiting:
            nearest = waiting[0]
            for label in waiting:
                if (ticket(label), label.encode()) < (ticket(nearest), nearest.encode()):
                    nearest = label
            waiting.remove(nearest)
            line.append(nearest)
        slots = []
        for slot in group["slots"]:
            taken = []
            for _ in range(slot["capacity"]):
                taken.append(line.pop(0))
            slots.append({"id": slot["id"], "labels": taken})
        results.append({"id": group["id"], "slots": slots, "reserve": line})
    return results


def slow_deal(groups, ticket):
    """The deal place by place; None where a place stays empty."""
    results = [_slow_group(group, ticket) for group in groups]
    return None if None in results else results


def _slow_group(group, ticket):
    line = sorted(group["labels"], key=lambda label: (ticket(label), label.encode()))
    slots, lap, places = group["slots"], 0, []
    while any(slot["capacity"] > lap for slot in slots):
        places += [(at, lap) for at, slot in enumerate(slots) if slot["capacity"] > lap]
        lap += 1
    holder = {}
    for place in places:
        if not _slow_fill(group, line, place, holder):
            return None
    filled = [
        {"id": slot["id"], "labels": [holder[at, k] for k in range(slot["capacity"])]}
        for at, slot in enumerate(slots)
    ]
    used = set(holder.values())
    return {"id": group["id"], "slots": filled, "reserve": [x for x in line if x not in used]}


def may_serve(group, label, at) -> bool:
    own = group.get("marks", {}).get(label, [])
    return not any(mark in group["slots"][at].get("marks", []) for mark in own)


def _slow_fill(group, line, empty, holder) -> bool:
    """Breadth first over single places; `holder` maps (slot, lap) to a label."""
    place_of = {label: place for place, label in holder.items()}
    queue, handed = [empty], {empty: None}
    for place in queue:
        unused = [x for x in line if x not in place_of and may_serve(group, x, place[0])]
        if unused:
            incoming = unused[0]
            while place is not None:
                outgoing = holder.get(place)
                holder[place] = incoming
                incoming, place = outgoing, handed[place]
            return True
        for label in line:
            there = place_of.get(label)
            if there is not None and there not in handed and may_serve(group, label, place[0]):
                handed[there] = place
                queue.append(there)
    return False
