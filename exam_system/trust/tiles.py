"""The log as immutable files (C2SP tlog-tiles v0.1.0)."""

from collections.abc import Iterator, Sequence

from exam_system.trust.errors import Malformed, MerkleError
from exam_system.trust.merkle import Node

WIDTH = 256
HEIGHT = 8
MAX_ENTRY_BYTES = 65_535


def tile_path(level: int, n: int, width: int = WIDTH) -> str:
    """Path of hash tile n of a tile level: `tile/<L>/<N>[.p/<W>]`."""
    if not 0 <= level <= 63:
        raise Malformed("A tile level is from 0 to 63.")
    return f"tile/{level}/{_grouped(n)}{_partial(width)}"


def entries_path(n: int, width: int = WIDTH) -> str:
    """Path of the n-th bundle of entries: `tile/entries/<N>[.p/<W>]`."""
    return f"tile/entries/{_grouped(n)}{_partial(width)}"


def _grouped(n: int) -> str:
    """1234067 as x001/x234/067."""
    if n < 0:
        raise Malformed("Tiles are counted from 0.")
    path = f"{n % 1000:03}"
    while n := n // 1000:
        path = f"x{n % 1000:03}/{path}"
    return path


def _partial(width: int) -> str:
    if not 1 <= width <= WIDTH:
        raise Malformed(f"A tile is from 1 to {WIDTH} wide.")
    return "" if width == WIDTH else f".p/{width}"


def pack_entries(entries: Sequence[bytes]) -> bytes:
    """A bundle: each entry after its length as big-endian u16."""
    if len(entries) > WIDTH or any(len(entry) > MAX_ENTRY_BYTES for entry in entries):
        raise Malformed(f"A bundle has at most {WIDTH} entries of {MAX_ENTRY_BYTES} bytes.")
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def unpack_entries(data: bytes) -> list[bytes]:
    """The entries of a bundle; raises Malformed when it is cut or too long."""
    entries, position = [], 0
    while position < len(data):
        start = position + 2
        position = start + int.from_bytes(data[position:start], "big")
        entries.append(data[start:position])
    if position != len(data) or len(entries) > WIDTH:
        raise Malformed("The bundle of entries is cut short or holds too many.")
    return entries


def tile_files(size: int, node: Node, old_size: int = 0) -> Iterator[tuple[str, bytes]]:
    """(path, bytes) of every hash tile of the tree at `size` that it did not have at `old_size`.

    A tile that grew is given with its new width; lower levels come first.
    """
    if not 0 <= old_size <= size:
        raise MerkleError(f"A log of {old_size} entries cannot shrink to {size}.")
    level = 0
    while count := size >> (HEIGHT * level):
        old_count = old_size >> (HEIGHT * level)
        for n in range(old_count // WIDTH, -(-count // WIDTH)):
            width = min(WIDTH, count - n * WIDTH)
            if n * WIDTH + width > old_count:
                yield tile_path(level, n, width), _tile(level, n, width, node)
        level += 1


def _tile(level: int, n: int, width: int, node: Node) -> bytes:
    first = n * WIDTH
    return b"".join(node(HEIGHT * level, i) for i in range(first, first + width))
