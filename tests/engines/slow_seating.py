"""seats/v1 and groups/v1 once more, slowly and in plain lists: written from the definitions.

Nothing here imports an engine. A `Chance` gives tickets and bytes; tests may pass another one whose
numbers collide and cannot be used, which real ones almost never do.
"""

import hashlib


class Chance:
    def __init__(self, seed, purpose):
        self.text = f"{seed}:{purpose}".encode()

    def ticket(self, label):
        return hashlib.sha256(self.text + b":" + label.encode()).digest()

    def octets(self, part, label, size):
        text = self.text + b"/" + part.encode() + b":" + label.encode()
        return hashlib.shake_256(text).digest(size)


class Words:
    """The words of one stream, one after the other."""

    def __init__(self, chance, part, label, bits):
        self.source, self.bits, self.at = (chance, part, label), bits, 0
        self.octets = b""

    def next(self):
        width = self.bits // 8
        start, end = self.at * width, (self.at + 1) * width
        if end > len(self.octets):
            chance, part, label = self.source
            self.octets = chance.octets(part, label, 2 * end + 400)
        self.at += 1
        return int.from_bytes(self.octets[start:end], "big")

    def take(self, n):
        """A number below n, or None when the next word would favour some."""
        word = self.next()
        limit = 2**self.bits - 2**self.bits % n
        return word % n if word < limit else None


def shuffle(chance, part, label, n):
    words = Words(chance, part, label, 64)
    drawn = [(words.next(), number) for number in range(n)]
    return [number for _, number in sorted(drawn)]


def below(chance, part, label, n):
    words = Words(chance, part, label, 64)
    while True:
        found = words.take(n)
        if found is not None:
            return found


# Where seats are


def seat_places(layout, used):
    if layout.startswith("serpentine:"):
        rows, columns = map(int, layout[11:].split("x"))
        lengths = [rows] * columns
    elif "x" in layout:
        columns, rows = map(int, layout.split("x"))
        lengths = [rows] * columns
    else:
        lengths = list(map(int, layout.split("-")))
    places = []
    for column, length in enumerate(lengths, 1):
        rows = list(range(1, length + 1))
        if column % 2 == 0:
            rows.reverse()
        for row in rows:
            places.append((row, column))
    return places[:used]


def touch(one, other):
    return one != other and abs(one[0] - other[0]) <= 1 and abs(one[1] - other[1]) <= 1


def plain_pairs(layout, used):
    places = seat_places(layout, used)
    return {(i, j) for i in range(used) for j in range(used) if touch(places[i], places[j])}


def cyclic_pairs(layout, used):
    places = seat_places(layout, used)
    last = max(column for _, column in places)
    starts_in_front = last % 2 == 1

    def place_in_line(seat):
        row, column = places[seat]
        return (column, row if starts_in_front else -row)

    number = {seat: at for at, seat in enumerate(sorted(range(used), key=place_in_line))}
    differences = set()
    for i, j in plain_pairs(layout, used):
        differences.add((number[i] - number[j]) % used)
    return {
        (i, j)
        for i in range(used)
        for j in range(used)
        if (number[i] - number[j]) % used in differences
    }


# Who is kept apart


def share(group, one, other):
    for column in group.get("apart", {}).values():
        if column[one] is not None and column[one] == column[other]:
            return True
    return False


def fill(capacities, people):
    sizes = [0] * len(capacities)
    while people:
        level = min(size for size, most in zip(sizes, capacities, strict=True) if size < most)
        for at, most in enumerate(capacities):
            if people and sizes[at] == level and sizes[at] < most:
                sizes[at] += 1
                people -= 1
    return sizes


def room_sizes(group, needs):
    slots = group["slots"]
    places = [slot["capacity"] - slot.get("reserve", 0) for slot in slots]
    access = [slot.get("access", 0) for slot in slots]
    opened = 0
    while sum(places[:opened]) < len(needs):
        opened += 1
    sizes = fill(places[:opened], len(needs)) + [0] * (len(slots) - opened)
    for level in range(1, max(needs, default=0) + 1):
        inner = sum(1 for own in access[:opened] if own >= level)
        wanted = sum(1 for need in needs if need >= level)
        if sum(sizes[:inner]) < wanted:
            outside = sum(sizes[:opened]) - wanted
            sizes[:opened] = fill(places[:inner], wanted) + fill(places[inner:opened], outside)
        opened = inner
    return sizes


def slow_seats(groups, chance):
    return [slow_district(group, chance) for group in groups]


def slow_district(group, chance):
    labels, name = group["labels"], group["id"]
    needs = [group.get("need", {}).get(label, 0) for label in labels]
    sizes = room_sizes(group, needs)
    room_of = slow_deal(group, needs, sizes, chance)
    caps_steps = slow_caps(group, needs, room_of, chance)
    seats, offsets, hard = {}, {}, []
    for room, size in enumerate(sizes):
        if size:
            who = [person for person in range(len(labels)) if room_of[person] == room]
            slot = group["slots"][room]
            seats[room], offsets[room], solved = slow_room(group, slot, who, chance)
            if not solved:
                hard.append(room)
    left = []
    if hard:
        steps = slow_walk(group, needs, room_of, seats, hard, chance)
        for room, one, other in neighbours_left(group, seats, sorted(seats)):
            room_id = group["slots"][room]["id"]
            left.append({"district": name, "steps": steps, "room": room_id})
            left[-1] |= {"seat": one + 1, "other": other + 1}
    for room, kind, value, excess in excesses(group, room_of) if caps_steps else []:
        cap = group["rules"]["caps"][kind]
        left.append({"district": name, "steps": caps_steps, "room": group["slots"][room]["id"]})
        left[-1] |= {"kind": kind, "group": value, "found": cap + excess, "cap": cap}
    slots = []
    forms = group.get("rules", {}).get("forms", 1)
    for room, slot in enumerate(group["slots"]):
        people = seats.get(room, [])
        slots.append({"id": slot["id"], "labels": [labels[person] for person in people]})
        if forms > 1:
            places = seat_places(slot["layout"], len(people))
            factor = 1 if forms == 2 else 2
            slots[-1]["forms"] = [
                (factor * row + column + offsets[room]) % forms + 1 for row, column in places
            ]
    return {"id": name, "slots": slots, "reserve": [], "left": left}


def slow_deal(group, needs, sizes, chance):
    labels, name, slots = group["labels"], group["id"], group["slots"]
    order = sorted(range(len(labels)), key=lambda at: (chance.ticket(labels[at]), at))
    free, room_of = list(sizes), {}
    for level in range(max(needs, default=0), 0, -1):
        places = []
        for room, slot in enumerate(slots):
            if slot.get("access", 0) >= level:
                places += [room] * free[room]
        shuffled = [places[at] for at in shuffle(chance, f"access/{level}", name, len(places))]
        for person in order:
            if needs[person] == level:
                room_of[person] = shuffled.pop(0)
                free[room_of[person]] -= 1
    row = [person for person in order if needs[person] == 0]
    spread = group.get("rules", {}).get("spread")
    if spread is not None:
        column = group["apart"][spread]
        known = sorted({value for value in column if value is not None}, key=str.encode)
        line = [known[at] for at in shuffle(chance, "groups", name, len(known))]
        dealt = []
        for value in [*line, None]:
            dealt += [person for person in row if column[person] == value]
        row = dealt
    rooms = shuffle(chance, "rooms", name, len(slots))
    places, lap = [], 0
    while len(places) < len(row):
        places += [room for room in rooms if free[room] > lap]
        lap += 1
    if row:
        start = below(chance, "start", name, len(row))
        for at, person in enumerate(row):
            room_of[person] = places[(at + start) % len(row)]
    return [room_of[person] for person in range(len(labels))]


def excesses(group, room_of):
    """(room, kind, group, excess), by these."""
    found = []
    caps = group.get("rules", {}).get("caps", {})
    for room in range(len(group["slots"])):
        for kind in sorted(caps):
            counts = {}
            for person, own in enumerate(room_of):
                value = group["apart"][kind][person]
                if own == room and value is not None:
                    counts[value] = counts.get(value, 0) + 1
            for value in sorted(counts, key=str.encode):
                if counts[value] > caps[kind]:
                    found.append((room, kind, value, counts[value] - caps[kind]))
    return found


def total_excess(group, room_of):
    return sum(item[3] for item in excesses(group, room_of))


def may_change(group, needs, room_of, one, other):
    slots = group["slots"]
    if needs[one] > slots[room_of[other]].get("access", 0):
        return False
    if needs[other] > slots[room_of[one]].get("access", 0):
        return False
    changed = list(room_of)
    changed[one], changed[other] = changed[other], changed[one]
    return total_excess(group, changed) <= total_excess(group, room_of)


def slow_caps(group, needs, room_of, chance):
    """The steps allowed when something is left, else None."""
    words = Words(chance, "caps", group["id"], 64)
    limit = 4096 + 64 * total_excess(group, room_of)
    for _ in range(limit):
        over = excesses(group, room_of)
        if not over:
            return None
        first, second, third = words.next(), words.next(), words.next()
        choice, other = fair(first, len(over), 64), fair(third, len(room_of), 64)
        if choice is None or other is None:
            continue
        room, kind, value, _ = over[choice]
        column = group["apart"][kind]
        members = [p for p, own in enumerate(room_of) if own == room and column[p] == value]
        picked = fair(second, len(members), 64)
        if picked is None or room_of[other] == room:
            continue
        one = members[picked]
        if may_change(group, needs, room_of, one, other):
            room_of[one], room_of[other] = room_of[other], room_of[one]
    return limit if excesses(group, room_of) else None


def fair(word, n, bits):
    return word % n if word < 2**bits // n * n else None


def slow_room(group, slot, who, chance):
    """People by seat, the offset of the forms, and whether nobody is left beside their like."""
    used = len(who)
    words = Words(chance, "room", f"{group['id']}/{slot['id']}", 32)
    forms = group.get("rules", {}).get("forms", 1)
    offers = [fair(words.next(), forms, 32) for _ in range(4)]
    offset = next((offer for offer in offers if offer is not None), 0)
    drawn = sorted((words.next(), at) for at in range(used))
    seats = [who[at] for _, at in drawn]
    kin = [(a, b) for a in who for b in who if a < b and share(group, a, b)]
    cyclic, plain = cyclic_pairs(slot["layout"], used), plain_pairs(slot["layout"], used)

    def together(near):
        return [(a, b) for a, b in kin if (seats.index(a), seats.index(b)) in near]

    for step in range(4096):
        near = cyclic if step < 256 else plain
        found = together(near)
        if not found:
            return seats, offset, True
        first, second = words.next(), words.next()
        choice, to = fair(first, 2 * len(found), 32), fair(second, used, 32)
        if choice is None or to is None:
            continue
        here = seats.index(found[choice // 2][choice % 2])
        seats[here], seats[to] = seats[to], seats[here]
        if len(together(near)) > len(found):
            seats[here], seats[to] = seats[to], seats[here]
    return seats, offset, not together(plain)


def neighbours_left(group, seats, rooms):
    found = []
    for room in rooms:
        near = plain_pairs(group["slots"][room]["layout"], len(seats[room]))
        for i, j in sorted(near):
            if i < j and share(group, seats[room][i], seats[room][j]):
                found.append((room, i, j))
    return found


def slow_walk(group, needs, room_of, seats, hard, chance):
    """Returns the steps allowed."""
    others = [room for room in sorted(seats) if room not in hard]
    drawn = shuffle(chance, "walk/rooms", group["id"], len(others))[: 4 * len(hard)]
    pool = sorted(hard + [others[at] for at in drawn])
    places = [(room, seat) for room in pool for seat in range(len(seats[room]))]
    limit = min(65536, 512 * sum(len(seats[room]) for room in hard))
    words = Words(chance, "walk", group["id"], 64)
    found = neighbours_left(group, seats, pool)
    for step in range(limit):
        if not found:
            break
        first, second, third = words.next(), words.next(), words.next()
        choice, place = fair(first, 2 * len(found), 64), fair(second, len(places), 64)
        if choice is None or place is None:
            continue
        room, *pair = found[choice // 2]
        seat, (other_room, other_seat) = pair[choice % 2], places[place]
        one, other = seats[room][seat], seats[other_room][other_seat]
        if room != other_room and not may_change(group, needs, room_of, one, other):
            continue
        seats[room][seat], seats[other_room][other_seat] = other, one
        after = neighbours_left(group, seats, pool)
        worse = len(after) - len(found)
        if worse > 0 and third >= 2**64 // 2 ** (worse * (2 + 8 * step // limit)):
            seats[room][seat], seats[other_room][other_seat] = one, other
            continue
        found = after
        room_of[one], room_of[other] = other_room, room
    return limit


def slow_groups(groups, chance):
    return [slow_hearing(group, chance) for group in groups]


def slow_hearing(group, chance):
    labels = group["labels"]
    places = [at for at, slot in enumerate(group["slots"]) for _ in range(slot["capacity"])]

    def may(label, place):
        marks = group["slots"][places[place]].get("marks", [])
        return not any(mark in marks for mark in group.get("marks", {}).get(label, []))

    for attempt in range(2000):
        order = shuffle(chance, str(attempt), group["id"], len(places))
        if all(may(label, order[at]) for at, label in enumerate(labels)):
            return heard(group, places, dict(zip(labels, order, strict=False)))
    order = shuffle(chance, "2000", group["id"], len(places))
    holder = {}
    for label in sorted(labels, key=lambda one: (chance.ticket(one), one.encode())):
        queue, wants = [label], {}
        for one in queue:
            new = [place for place in order if may(one, place) and place not in wants]
            for place in new:
                wants[place] = one
                if place not in holder:
                    break
                queue.append(holder[place])
            else:
                continue
            while True:
                mover = wants[place]
                before = next((p for p, who in holder.items() if who == mover), None)
                holder[place] = mover
                if mover == label:
                    break
                place = before
            break
    return heard(group, places, {label: place for place, label in holder.items()})


def heard(group, places, place_of):
    slots = []
    for at, slot in enumerate(group["slots"]):
        mine = [label for label in place_of if places[place_of[label]] == at]
        slots.append({"id": slot["id"], "labels": sorted(mine, key=place_of.__getitem__)})
    return {"id": group["id"], "slots": slots, "reserve": []}
