"""Work on very many small objects at once."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def undisturbed() -> Iterator[None]:
    """Let the collector of cycles rest meanwhile.

    While hundreds of thousands of rows are built and kept, it walks through all of them again and
    again and finds nothing: the time for each row would grow with their number.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
