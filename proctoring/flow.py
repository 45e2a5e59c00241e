"""Maximum flow and minimum cut on a small network of whole numbers (Dinic 1970).

It answers one question, before there is any seed: can it work, and if not, which set of places
needs more people than may serve there. It never chooses who serves where.
"""

from collections import deque
from collections.abc import Sequence

SOURCE, SINK = 0, 1


class Network:
    """Nodes are numbers: 0 the source, 1 the sink, further ones from `node()`."""

    def __init__(self) -> None:
        self._ends: list[int] = []
        self._room: list[int] = []
        self._out: list[list[int]] = [[], []]

    def node(self) -> int:
        self._out.append([])
        return len(self._out) - 1

    def edge(self, start: int, end: int, capacity: int) -> None:
        """An edge and its way back stand at even and odd positions side by side."""
        for one, other, room in ((start, end, capacity), (end, start, 0)):
            self._out[one].append(len(self._ends))
            self._ends.append(other)
            self._room.append(room)

    def fill(self) -> int:
        """Push as much as the network takes from source to sink; returns how much."""
        total = 0
        while (levels := self._levels())[SINK] >= 0:
            unseen = [0] * len(self._out)
            while pushed := self._push(levels, unseen):
                total += pushed
        return total

    def leading_to_sink(self, nodes: Sequence[int]) -> list[int]:
        """Positions of those nodes from which more could still flow to the sink.

        After `fill`, they are the smallest set of places that is short (a minimum cut).
        """
        ways_in: list[list[int]] = [[] for _ in self._out]
        for start, edges in enumerate(self._out):
            for edge in edges:
                if self._room[edge]:
                    ways_in[self._ends[edge]].append(start)
        seen, queue = {SINK}, deque([SINK])
        while queue:
            for start in ways_in[queue.popleft()]:
                if start not in seen:
                    seen.add(start)
                    queue.append(start)
        return [at for at, node in enumerate(nodes) if node in seen]

    def _levels(self) -> list[int]:
        levels = [-1] * len(self._out)
        levels[SOURCE], queue = 0, deque([SOURCE])
        while queue:
            node = queue.popleft()
            for edge in self._out[node]:
                end = self._ends[edge]
                if self._room[edge] and levels[end] < 0:
                    levels[end] = levels[node] + 1
                    queue.append(end)
        return levels

    def _push(self, levels: list[int], unseen: list[int]) -> int:
        """One path along rising levels, walked without recursion; 0 where there is none."""
        path: list[int] = []
        node = SOURCE
        while node != SINK:
            edge = self._next_edge(node, levels, unseen)
            if edge >= 0:
                path.append(edge)
                node = self._ends[edge]
            elif path:
                node = self._ends[path.pop() ^ 1]
                unseen[node] += 1
            else:
                return 0
        amount = min(self._room[edge] for edge in path)
        for edge in path:
            self._room[edge] -= amount
            self._room[edge ^ 1] += amount
        return amount

    def _next_edge(self, node: int, levels: list[int], unseen: list[int]) -> int:
        out = self._out[node]
        while unseen[node] < len(out):
            edge = out[unseen[node]]
            if self._room[edge] and levels[self._ends[edge]] == levels[node] + 1:
                return edge
            unseen[node] += 1
        return -1
