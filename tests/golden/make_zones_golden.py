"""Local times of many zones as Python's zoneinfo reads them, near changes of their clocks and elsewhere: zones.json.

    python3 tests/golden/make_zones_golden.py

Years that are past: what a country decides about later ones may differ from one table of zones to the next.
Of a time that comes twice, the first; one that is leapt over is read with the offset before (PEP 495, fold=0).
"""

import json
import random
from datetime import datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

ZONES = [
    "UTC", "Europe/Vienna", "America/New_York", "America/St_Johns", "Asia/Kathmandu", "Asia/Tokyo",
    "Australia/Lord_Howe", "Pacific/Chatham", "Pacific/Apia", "Africa/Casablanca", "America/Sao_Paulo", "Europe/Dublin",
]
random.seed(1)


def changes(zone: ZoneInfo, year: int) -> list[datetime]:
    """The hours in whose course the offset changes, in UTC."""
    hours = [datetime(year, 1, 1, tzinfo=timezone.utc) + timedelta(hours=i) for i in range(366 * 24)]
    offsets = [hour.astimezone(zone).utcoffset() for hour in hours]
    return [hours[i] for i in range(1, len(hours)) if offsets[i] != offsets[i - 1]]


cases = []
for name in ZONES:
    zone = ZoneInfo(name)
    locals_ = [datetime(2000, 1, 1) + timedelta(minutes=random.randrange(24 * 365 * 24 * 60)) for _ in range(8)]
    for change in changes(zone, 2024) + changes(zone, 2011):
        near = change.astimezone(zone).replace(tzinfo=None, minute=0)
        locals_ += [near + timedelta(minutes=m) for m in (-90, -60, -30, -15, -1, 0, 1, 15, 30, 59, 60, 90)]
    for local in locals_:
        at = local.replace(tzinfo=zone).astimezone(timezone.utc)
        cases.append([name, local.strftime("%Y-%m-%dT%H:%M"), at.strftime("%Y-%m-%dT%H:%M:%SZ")])
Path(__file__).with_name("zones.json").write_text("[\n" + ",\n".join(map(json.dumps, cases)) + "\n]\n")
