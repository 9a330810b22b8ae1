"""Workers of two versions beside each other, under load, while the schema moves on beneath them."""

import argparse
import heapq
import os
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parents[2]
sys.path[1:1] = [str(ROOT / "deploy/demo"), str(ROOT / "Tests/Prove")]

import draw  # noqa: E402
import pauses  # noqa: E402
import version  # noqa: E402
from arena import binaries  # noqa: E402
from checker import check  # noqa: E402
from collect import collect, wait_for_the_end  # noqa: E402
from commands import commands_of  # noqa: E402
from course import Course  # noqa: E402
from field import Field  # noqa: E402
from finding import Finding  # noqa: E402
from load import Load  # noqa: E402
from report import Report  # noqa: E402

LONGEST = 900
"""Seconds; the load ends with the course."""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="Tests/upgrade", description=__doc__)
    parser.add_argument("--from", dest="commit", metavar="COMMIT",
                        help="the old version (the last commit before the newest migration)")
    parser.add_argument("--rows", type=int, default=200_000, help="how large the tables are beforehand (200000)")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6), help="draws the load")
    return parser.parse_args()


def play(field: Field, load: Load, course: Course) -> None:
    """The course, from the thread that starts the processes, while the order of commits is taken down."""
    agenda = [(0.0, 0, course.run()), (time.monotonic() + 1, 1, field.commits.watch())]
    while load.failure is None:
        at, number, what = heapq.heappop(agenda)
        time.sleep(max(0.0, at - time.monotonic()))
        try:
            heapq.heappush(agenda, (time.monotonic() + next(what), number, what))
        except StopIteration:
            return


def main() -> int:
    options = arguments()
    for name in ("KAFKA_BOOTSTRAP_SERVERS", "POSTGRES_URL"):
        os.environ.pop(name, None)
    try:
        commit = version.commit(options.commit) if options.commit else version.before_the_newest_migration()
    except version.NoHistory as reason:
        print(f"upgrade: this clone lacks the version to upgrade from: {reason}", file=sys.stderr)
        return 69
    old, new = version.build(commit), binaries()
    report = Report(options.seed)
    with tempfile.TemporaryDirectory(prefix="ut-") as directory:
        field = Field(Path(directory), old, new)
        try:
            field.fill(options.rows)
            load = Load(field.client, field.keys, options.seed, draw.steps(options.seed, LONGEST))
            course = Course(field, report.say)
            thread = threading.Thread(target=load.run, daemon=True)
            thread.start()
            play(field, load, course)
            load.stopped.set()
            thread.join(60)
            if load.failure:
                raise load.failure
            reader, report.missing = wait_for_the_end(field, load, 120)
            field.empty()
            history = collect(field, load, reader)
            findings = check(history, report)
            findings += [Finding("ends", text) for text in field.check_ends()]
        except BaseException:
            print(f"upgrade: the run itself failed; its logs are in {field.keep_logs(options.seed)}", file=sys.stderr)
            raise
        finally:
            field.close()
    report.length = time.time() - course.begin
    commands = commands_of(history)
    times = pauses.answered(commands)
    begin, end = course.migration
    print(f"\nfrom {commit[:12]} ({', '.join(version.migrations(version.folder(commit) / 'source'))}), "
          f"{options.rows} rows in each large table")
    print("\n".join(pauses.table(times, course.phases)))
    sent = pauses.sent(history.by_topic["notifications"], history.events)
    print(f"migrate: {end - begin:.1f} s, meanwhile the longest pause of answers was {pauses.pause(times, begin, end):.0f} ms, "
          f"of messages {pauses.pause(sent, begin, end):.0f} ms")
    accepted, later = pauses.across(commands, course.phases)
    print(f"OTPs that were sent and accepted: {accepted}, of which {later} in a later phase")
    outcomes = Counter(type for _, type in {(event.id, event.type) for event in history.events}
                       if type.startswith("notification."))
    print("messages: " + ", ".join(f"{type.removeprefix('notification.')} {count}" for type, count in sorted(outcomes.items())))
    workers = Counter(f"{name} {worker.kind}" for worker, name in field.versions.items())
    print("workers started: " + ", ".join(f"{name} {count}" for name, count in sorted(workers.items())))
    report.notes += course.notes
    if findings:
        report.kept = Path(tempfile.mkdtemp(prefix=f"upgrade-{options.seed}-"))
        history.keep(report.kept)
    report.print(findings, [])
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
