"""Lets the faults that were drawn loose, each at its time, from the thread that started the processes."""

import heapq
import time
from collections import Counter

from arena import Arena
from draw import Fault
from faults import DISTURBED, MAKERS, CannotBeMade


class Storm:
    def __init__(self, arena: Arena, seed: int, faults: list[Fault], say):
        self.arena = arena
        self.seed = seed
        self.faults = faults
        self.say = say
        self.made: Counter[str] = Counter()
        self.disturbed: Counter[str] = Counter()
        self.left_out: dict[str, str] = {}

    def run(self, seconds: float, is_over) -> None:
        """Until the time is up; what lasts then is ended by `Arena.restore`."""
        begin = time.monotonic()
        due: list[tuple[float, int, str, object]] = [(fault.at, fault.number, fault.kind, fault) for fault in self.faults]
        due.append((1.0, -1, "watch", self.arena.commits.watch()))
        heapq.heapify(due)
        while due and due[0][0] < seconds and not is_over():
            at, number, kind, what = heapq.heappop(due)
            time.sleep(max(0.0, begin + at - time.monotonic()))
            if isinstance(what, Fault):
                if kind in self.left_out:
                    continue
                self.say(f"{time.monotonic() - begin:6.1f} s  {kind}, {what.lasts:.1f} s")
                what = MAKERS[kind](self.arena, what.draw(self.seed), what.lasts)
                self.made[kind] += 1
            try:
                heapq.heappush(due, (time.monotonic() - begin + next(what), number, kind, what))
            except StopIteration:
                pass
            except CannotBeMade as reason:
                self.left_out[kind] = str(reason)
                self.made[kind] -= 1
            except DISTURBED:
                # Another fault was in the way, such as a database that is down: this one was made in part.
                self.disturbed[kind] += 1
        time.sleep(max(0.0, begin + seconds - time.monotonic()))
