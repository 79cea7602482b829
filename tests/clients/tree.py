"""The large tree: a thousand awkward names and one file past 4 GiB, there and back."""

import os
import random
import shutil

from harness import Failed

FILES = 1000
BIG = "five gigabytes.bin"
BIG_SIZE = 5 * 1024**3
# Seconds for one direction of one client.
LIMIT = 600

NAMES = (
    "plain-{}.txt", "with space {}.txt", "-dash{}.txt", "--help{}", "naïve-Ünïcödé-{}.txt", "日本語-{}.txt",
    "emoji-🦀-{}", "it's {}.txt", 'say "{}".txt', "star*{}.txt", "[brackets]-{}", "question?{}", "hash#{}.txt",
    "per%20cent-{}", "semi;colon-{}", "amp&{}", "back\\slash-{}", "dollar$HOME-{}", ".hidden-{}", "two  spaces {}",
    "-> arrow {}", "~tilde-{}", "d e e p/er dir/-x/file {}", "ümlaut-Ordner/日本/{}.bin",
)


def grow(root):
    """Makes the tree. The same bytes each time; every tenth file is empty."""
    dice = random.Random(20)
    for number in range(FILES):
        path = root / NAMES[number % len(NAMES)].format(number)
        path.parent.mkdir(parents=True, exist_ok=True)
        size = 0 if number % 10 == 0 else dice.choice((1, 100, 1460, 65536, 65537)) + dice.randrange(100)
        path.write_bytes(dice.randbytes(size))
    grow_big(root)


def grow_big(root):
    """Holes, with a few bytes at the beginning, across 4 GiB and at the end."""
    with open(root / BIG, "wb") as big:
        for offset, mark in ((0, b"begin"), (2**32 - 4, b"boundary"), (BIG_SIZE - 3, b"end")):
            big.seek(offset)
            big.write(mark)


def compare(expected, found):
    """Fails unless both trees hold the same names and the same bytes."""
    ours, theirs = names(expected), names(found)
    if ours != theirs:
        raise Failed(f"missing: {sorted(ours - theirs)[:5]}; not asked for: {sorted(theirs - ours)[:5]}")
    for name in ours:
        compare_file(expected / name, found / name)


def names(root):
    return {os.path.relpath(os.path.join(place, name), root) for place, _, files in os.walk(root) for name in files}


def compare_file(expected, found):
    sizes = expected.stat().st_size, found.stat().st_size
    if sizes[0] != sizes[1]:
        raise Failed(f"{found} has {sizes[1]} bytes instead of {sizes[0]}")
    with open(expected, "rb") as ours, open(found, "rb") as theirs:
        while block := ours.read(4 * 1024 * 1024):
            if block != theirs.read(len(block)):
                raise Failed(f"{found} differs before byte {ours.tell()}")


def there_and_back(client, server, scratch):
    """Mirrors the tree up and down. Holds the big file's bytes on disk only once at a time: its source is sparse."""
    source, back, remote = scratch / "source", scratch / "back", f"tree-{client.name}"
    source.mkdir()
    grow(source)
    stored = server.root / remote
    try:
        client.mirror_up(source, remote, LIMIT)
        compare(source, stored)
        (stored / BIG).unlink()
        grow_big(stored)
        client.mirror_down(remote, back, LIMIT)
        compare(source, back)
    finally:
        shutil.rmtree(stored, ignore_errors=True)
