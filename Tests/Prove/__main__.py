"""Nothing lost, nothing twice: plays a random load under random faults, then checks the history against the contract."""

import argparse
import os
import random
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "deploy/demo"))

import draw  # noqa: E402
from breakages import self_test  # noqa: E402
from checker import check  # noqa: E402
from history import History  # noqa: E402
from report import Report  # noqa: E402


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="Tests/prove", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10, help="how long load and faults last (10)")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6), help="draws load and faults")
    parser.add_argument("--quick", action="store_true", help="two minutes, and the self-test on their history")
    parser.add_argument("--calm", action="store_true", help="no faults")
    parser.add_argument("--self-test", action="store_true", help="shows that the checker finds what it should")
    parser.add_argument("--check", metavar="FOLDER", type=Path, help="checks a history that was kept")
    parser.add_argument("--keep", metavar="FOLDER", type=Path, help="keeps the history, found or not")
    return parser.parse_args()


def record(seed: int, seconds: float, calm: bool, report: Report) -> History:
    from arena import Arena
    from collect import collect, server_said, wait_for_the_end
    from load import Load
    from storm import Storm

    for name in ("KAFKA_BOOTSTRAP_SERVERS", "POSTGRES_URL"):
        if os.environ.pop(name, None):
            print(f"prove: {name} is not used: servers are broken here, so they are private", flush=True)
    with tempfile.TemporaryDirectory(prefix="ut-") as directory:
        arena = Arena(Path(directory))
        try:
            load = Load(arena.client, arena.keys, seed, draw.steps(seed, seconds))
            storm = Storm(arena, seed, [] if calm else draw.faults(seed, seconds), report.say)
            thread = threading.Thread(target=load.run, daemon=True)
            thread.start()
            storm.run(seconds, lambda: load.failure is not None)
            report.say("all faults end")
            arena.restore()
            thread.join(60)
            load.stopped.set()
            if load.failure:
                raise load.failure
            begin = time.monotonic()
            reader, report.missing = wait_for_the_end(arena, load, max(60, seconds / 4))
            report.say(f"all is answered after {time.monotonic() - begin:.0f} s" if not report.missing else "not all is answered")
            report.storm(storm)
            report.server_said = server_said(arena)
            return collect(arena, load, reader)
        except Exception:
            print(f"prove: the run itself failed; its logs are in {arena.keep_logs(seed)}", file=sys.stderr)
            raise
        finally:
            arena.close()


def main() -> int:
    options = arguments()
    report = Report(options.seed)
    if options.check:
        history = History.read(options.check)
    else:
        seconds = 120 if options.quick else 20 if options.self_test else options.minutes * 60
        report.length = seconds
        history = record(options.seed, seconds, options.calm or options.self_test, report)
        if options.keep:
            history.keep(options.keep)
    findings = check(history, report)
    if findings and not options.check:
        report.kept = options.keep or Path(tempfile.mkdtemp(prefix=f"prove-{options.seed}-"))
        history.keep(report.kept)
    blind = self_test(history, report) if options.self_test or options.quick else []
    report.print(findings, blind)
    return 1 if findings or blind else 0


if __name__ == "__main__":
    sys.exit(main())
