"""The words of nano's world: what it reads about, in which units, and the table it knows by heart."""

import random


def listed(text: str) -> list[str]:
    """The words of a text."""
    return text.split()


ATTRIBUTES = listed("""
timeout limit delay interval quota price fee weight length width height depth age lifetime window budget discount deposit
allowance margin threshold capacity speed distance duration period grace backlog tolerance reserve penalty bonus share minimum maximum
cooldown lag offset rate range size volume pause warranty
""")

ENTITIES = listed("""
webhooks invoices refunds payouts tokens sessions exports imports uploads downloads reports backups alerts tickets coupons
orders parcels carts wallets cards keys accounts teams projects sensors cameras routers printers scanners servers queues caches
databases snapshots archives messages emails letters replies comments reviews surveys forms contracts leases loans drones boats bikes
trains trucks pumps valves filters lamps ovens kettles mixers fridges heaters fans locks doors windows gates lifts tanks pipes cables
batteries panels motors gears belts ropes tents boots gloves helmets jackets books maps photos videos songs games lessons courses
exams grants visas permits badges tours hotels rooms meals drinks recipes seeds plants trees gardens fields
""")

UNITS = listed("""
seconds minutes hours days weeks months years euros dollars percent grams kilos litres metres pixels bytes calls items
pages points attempts degrees
""")

NUMBERS = [
    *map(str, range(1, 61)),
    *listed("64 70 72 75 80 85 90 96 99 100 110 120 128 150 180 200 240 250 256 300 350 365 400 450 500 512 600 700 750 800 900 1000"),
]

VERSIONS = [f"v{major}.{minor}" for major in range(1, 5) for minor in range(10)]

STATUSES = ["superseded", "current"]

WORDS = listed("""
apple badger candle dragon eagle falcon garlic hammer island jacket kitten ladder magnet needle orange pepper quartz rabbit
saddle tunnel umbrella violin walnut yogurt zebra anchor basket cherry donkey engine
""")

PROPERTIES = ["capital", "river", "founder", "dish", "metal"]


def _invented(count: int, seed: int) -> list[str]:
    """Names that exist nowhere, as ``velmora``: seeded, all different."""
    rng = random.Random(seed)
    names: dict[str, None] = {}
    while len(names) < count:
        names["".join(rng.choice("bdfgklmnprstvz") + rng.choice("aeiou") for _ in range(3))] = None
    return list(names)


_NAMES = _invented(90, seed=7)
LANDS, VALUES = _NAMES[:50], _NAMES[50:]


def table() -> dict[tuple[str, str], str]:
    """What nano knows by heart: (land, property) -> invented name. 250 facts."""
    rng = random.Random(11)
    return {(land, prop): rng.choice(VALUES) for land in LANDS for prop in PROPERTIES}
