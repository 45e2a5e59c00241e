"""Instances for the tests of rotation/v1 and match/v1: small, of any kind, driven by a `random`."""


def pairs(rng, most, firsts, seconds):
    return [[rng.randrange(firsts), rng.randrange(seconds)] for _ in range(rng.randint(0, most))]


def rotation_rules(rng):
    return {
        "sexes": rng.choice(["ignore", "prefer", "require"]),
        "reserves": rng.choice([[3, 100], [0, 1], [1, 4]]),
        "never_again": [one for one in ("partner", "room", "site") if rng.random() < 0.6],
    }


def rotation_district(rng, name, schools, sessions, spare=6):
    """A few rooms, people for most of them; `spare` people more than the places at the most."""
    sites, rooms = rng.randint(1, 4), rng.randint(1, 5)
    count = 2 * rooms + rng.randint(0, spare)
    partners = [pair for pair in pairs(rng, 3, count, count) if pair[0] != pair[1]]
    return {
        "id": name,
        "people": {
            "label": [f"p{name}-{n:02}" for n in range(count)],
            "school": [rng.randint(-1, schools - 1) for _ in range(count)],
            "woman": [rng.randint(0, 1) for _ in range(count)],
            "lead": [int(rng.random() < 0.75) for _ in range(count)],
        },
        "sites": {
            "id": [f"s{name}-{n}" for n in range(sites)],
            "school": [rng.randint(-1, schools - 1) for _ in range(sites)],
        },
        "rooms": {
            "id": [f"r{name}-{n}" for n in range(rooms)],
            "site": [rng.randrange(sites) for _ in range(rooms)],
        },
        "past": {
            "site": pairs(rng, 3, count, sites),
            "room": pairs(rng, 3, count, rooms),
            "partner": partners,
        },
        "sessions": [
            {
                "id": f"k{k}",
                "rooms": sorted(rng.sample(range(rooms), rng.randint(1, rooms))),
                "barred": pairs(rng, 3, count, rooms),
            }
            for k in range(sessions)
        ],
    }


def rotation_part(rng, districts=2, sessions=2):
    schools = rng.randint(2, 6)
    return {
        "rules": rotation_rules(rng),
        "schools": [f"school {n}" for n in range(schools)],
        "districts": [
            rotation_district(rng, f"{n}", schools, rng.randint(1, sessions))
            for n in range(rng.randint(1, districts))
        ],
    }


def match_part(rng, panels=3, spare=8):
    """Panels of two to four seats, few people to spare, relations of every kind."""
    count, seats = rng.randint(1, panels), rng.choice([[1, 1], [1, 2], [1, 1, 1], [1, 2, 1]])
    people = sum(seats) * count + rng.randint(0, spare)
    employers, roles = rng.randint(2, people), range(len(seats))
    groups = [f"g{n}" for n in range(count)] if rng.random() < 0.7 else []
    return {
        "rules": {
            "areas": ["4101"],
            "roles": [{"id": f"role {r}", "seats": n} for r, n in enumerate(seats)],
            "per_employer": rng.randint(1, 2),
            "per_city": rng.randint(1, 3),
            "per_sex": rng.randint(0, 1),
            "reserves": rng.choice([[0, 1], [1, 5]]),
        },
        "employers": [f"unit {n}" for n in range(employers)],
        "people": {
            "label": [f"i{n:02}" for n in range(people)],
            "roles": [sorted(rng.sample(roles, rng.randint(1, 2))) for _ in range(people)],
            "employer": [rng.randint(-1, employers - 1) for _ in range(people)],
            "area": [f"41{rng.randint(1, 7):02}00" for _ in range(people)],
            "woman": [rng.randint(0, 1) for _ in range(people)],
        },
        "apart": [pair for pair in pairs(rng, 4, people, people) if pair[0] != pair[1]],
        "panels": [f"panel {n}" for n in range(count)],
        "groups": {"id": groups, "barred": pairs(rng, 4, people, count) if groups else []},
    }
