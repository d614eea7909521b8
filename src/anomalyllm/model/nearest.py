"""The nearest row of a table, exactly: to the last bit what a loop over all rows would find.

A matrix product says which rows may be nearest, the difference itself how near they are. Products of long rows are
good to a few digits only, and the digits change with the number of windows in a call; so every row is looked at that
lies within their rounding of the nearest. What comes out does not depend on what else was asked.

Products are small ones, a tile of rows by a few queries. Their results stay in the processor's cache, and no library
divides them among threads of its own, which wait for each other in a loop and stand still where a core is busy with
something else. Who has many queries divides those (`model.threads`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float32]
Indices = NDArray[np.int64]

QUERIES = 16  # of one product
MOST_PRODUCTS = 1 << 18  # of two numbers, in one product of matrices: up to there libraries use one thread
MOST_DISTANCES = 1 << 20  # computed at once
MOST_PAIRS = 1 << 16  # distances among which rows that are nearly nearest are looked for at once
ROUNDING = float(np.finfo(np.float32).eps)  # twice that of one operation; a sum of n numbers is good to n of those


class Overlap(NamedTuple):
    """Where windows and bank come from the same series, so that a window must not meet itself."""

    starts: Indices  # (W,) of the windows, ascending
    bank_starts: Indices  # (B,) ascending
    length: int  # samples: windows that begin closer than that share a point

    def of(self, part: slice) -> Overlap:
        """The overlap of some of the windows."""
        return self._replace(starts=self.starts[part])

    def bar(self, partial: Rows) -> None:
        """Sets to infinity what windows have in common with themselves; only a band of the bank is looked at.

        Args:
            partial: (C, G, N, w, b) distances of G groups of windows to N tiles of the bank; changed. Places beyond
                the last window and beyond the last row of the bank may be there.
        """
        of_group, of_tile = partial.shape[3:]
        firsts = self.starts[::of_group]
        lasts = self.starts[np.minimum(np.arange(1, len(firsts) + 1) * of_group, len(self.starts)) - 1]
        first_rows = np.searchsorted(self.bank_starts, firsts - self.length, side="right").tolist()
        last_rows = np.searchsorted(self.bank_starts, lasts + self.length, side="left").tolist()
        for group, (first, last) in enumerate(zip(first_rows, last_rows, strict=True)):
            if first < last:
                windows = self.starts[group * of_group : (group + 1) * of_group, None]
                shared = np.abs(self.bank_starts[first:last] - windows) < self.length
                for tile in range(first // of_tile, (last - 1) // of_tile + 1):
                    begin, end = max(first, tile * of_tile), min(last, (tile + 1) * of_tile)
                    band = partial[:, group, tile, : len(windows), begin - tile * of_tile : end - tile * of_tile]
                    np.copyto(band, np.float32(np.inf), where=shared[:, begin - first : end - first])


@dataclass(frozen=True)
class Table:
    """Rows among which the nearest is looked for, of C channels at once.

    Args:
        tiles: (C, N, P + 1, b) the rows in N tiles, as columns, with their squares as one more number; columns that
            make up for missing rows are infinitely far. Rows are not kept twice: banks of many channels are large.
        count: B of them.
    """

    tiles: Rows
    count: int

    @classmethod
    def of(cls, rows: Rows) -> Table:
        """From rows (C, B, P)."""
        channels, count, points = rows.shape
        number = -(-count * QUERIES * (points + 1) // MOST_PRODUCTS)
        of_tile = -(-count // number)
        columns = np.zeros((channels, number * of_tile, points + 1), dtype=np.float32)
        columns[:, :count, :-1] = rows
        columns[:, :count, -1] = (rows**2).sum(axis=2)
        columns[:, count:, -1] = np.inf
        tiles = columns.reshape(channels, number, of_tile, points + 1).transpose(0, 1, 3, 2)
        return cls(np.ascontiguousarray(tiles), count)

    @classmethod
    def stacked(cls, tables: Iterable[Table], channels: int) -> Table:
        """One table of `channels` such, of one channel each and as many rows; no two of them need be there at once."""
        stack: Rows | None = None
        for channel, table in enumerate(tables):
            stack = np.empty((channels, *table.tiles.shape[1:]), np.float32) if stack is None else stack
            stack[channel] = table.tiles[0]
        assert stack is not None
        return cls(stack, table.count)

    def chosen(self, channel: Indices, row: Indices) -> Rows:
        """Rows of channels, each named by both (n,); (n, P)."""
        tile, column = np.divmod(row, self.tiles.shape[3])
        rows: Rows = self.tiles[channel, tile, :-1, column]
        return rows

    def mean_squares(self, queries: Rows, overlap: Overlap | None = None) -> Rows:
        """Mean square of the difference between queries (C, W, P) and the nearest row of their channel; (C, W).

        Infinite where the overlap leaves no row.
        """
        channels, count, _ = queries.shape
        found = np.empty((channels, count), dtype=np.float32)
        of_table = self.tiles.shape[1] * self.tiles.shape[3]
        some = max(1, min(channels, MOST_DISTANCES // max(1, of_table * count)))  # a channel's tiles are used often
        step = max(QUERIES, MOST_DISTANCES // (of_table * some) // QUERIES * QUERIES)
        for channel in range(0, channels, some):
            few = slice(channel, channel + some)
            table = Table(self.tiles[few], self.count)
            for window in range(0, count, step):
                part = slice(window, window + step)
                found[few, part] = Block.of(table, queries[few, part]).mean_squares(overlap and overlap.of(part))
        return found


@dataclass(frozen=True)
class Block:
    """Queries whose distances to all rows fit into the cache.

    Args:
        table: of C channels.
        queries: (C, G, w, P) in groups of one product each.
        count: W of them, the last group being made up with zeros.
    """

    table: Table
    queries: Rows
    count: int

    @classmethod
    def of(cls, table: Table, queries: Rows) -> Block:
        """From queries (C, W, P)."""
        channels, count, points = queries.shape
        of_group = min(count, QUERIES)
        groups = -(-count // of_group)
        padded = np.zeros((channels, groups * of_group, points), dtype=np.float32)
        padded[:, :count] = queries
        return cls(table, padded.reshape(channels, groups, of_group, points), count)

    def mean_squares(self, overlap: Overlap | None) -> Rows:
        """As the table's, (C, W)."""
        partial = self.partial_squares()
        if overlap is not None:
            overlap.bar(partial)
        channels, groups, tiles, of_group, of_tile = partial.shape
        flat = partial.reshape(-1, of_tile)  # a line for each tile and query
        lines = np.arange(len(flat)).reshape(partial.shape[:-1]).swapaxes(2, 3).reshape(-1, tiles)  # of each query
        channel = np.repeat(np.arange(channels), groups * of_group)
        asked, every = self.queries.reshape(len(lines), -1), np.arange(len(lines))

        column = flat.argmin(axis=1)
        least = flat[np.arange(len(flat)), column][lines]
        tile = least.argmin(axis=1)
        nearest, line = least[every, tile], lines[every, tile]
        row = np.minimum(tile * of_tile + column[line], self.table.count - 1)
        squares = _mean_square(asked, self.table.chosen(channel, row))

        # what the product cannot tell from the nearest, in its own tile and in others; there is nothing nearer than 0
        limit = np.where((squares > 0) & np.isfinite(nearest), nearest + _reach(asked, squares), -np.inf)
        flat[line, column[line]] = np.inf
        least[every, tile] = np.inf
        unsure = np.flatnonzero(np.isfinite(limit))
        least[unsure, tile[unsure]] = flat[line[unsure]].min(axis=1)
        query, tile = np.nonzero(least <= limit[:, None])
        for begin in range(0, len(query), max(1, MOST_PAIRS // of_tile)):
            some = slice(begin, begin + max(1, MOST_PAIRS // of_tile))
            near = flat[lines[query[some], tile[some]]] <= limit[query[some], None]
            pair, beside = np.divmod(np.flatnonzero(near), of_tile)
            who, row = query[some][pair], tile[some][pair] * of_tile + beside
            np.minimum.at(squares, who, _mean_square(asked[who], self.table.chosen(channel[who], row)))
        squares[~np.isfinite(nearest)] = np.inf
        return squares.reshape(channels, -1)[:, : self.count]

    def partial_squares(self) -> Rows:
        """Squared distances to all rows, less the queries' own squares; (C, G, N, w, b)."""
        # |q - b|² - |q|² in one product: the table carries the squares as one more number
        ones = np.ones((*self.queries.shape[:3], 1), dtype=np.float32)
        asked = np.concatenate([-2 * self.queries, ones], axis=3)
        partial: Rows = np.matmul(asked[:, :, None], self.table.tiles[:, None])
        return partial


def _mean_square(one: Rows, other: Rows) -> Rows:
    square: Rows = ((one - other) ** 2).mean(axis=1)
    return square


def _reach(queries: Rows, squares: Rows) -> Rows:
    """By how much a product may misjudge rows that are as near to queries (W, P) as mean squares (W,) say; (W,)."""
    points = queries.shape[1]
    own = (queries**2).sum(axis=1)
    size = 2 * np.sqrt(own) + np.sqrt(points * squares)
    reach: Rows = np.float32((points + 4) * ROUNDING) * size**2
    return reach
