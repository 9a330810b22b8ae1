"""Shows User Tokens at work on this machine; started by deploy/quickstart, which has installed what is needed."""

import argparse
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from client import Client
from processes import Child, Failure
from servers import ROOT
from story import Story, bold, dim
from system import System, Worker


class Stopped(BaseException):
    """Somebody asked for the end."""


def stop(number, frame):
    # Only once: the end itself is not to be interrupted.
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    raise Stopped


def build(directory: Path) -> Path:
    """Builds what is not built yet; gives back where the executables are.

    The debug configuration: tests share its build folder, and from a clean clone it is ready in less than half the
    time.
    """
    print(bold("Building"), dim("(swift build; the first time takes some minutes)"), flush=True)
    command = ["swift", "build", "--package-path", str(ROOT)]
    child = Child("swift build", command, directory / "build.log")
    with open(directory / "build.log", "ab") as log:
        shutil.copyfileobj(child.process.stdout, log)
    if child.process.wait() != 0:
        raise Failure(f"the build failed:\n{child.log_tail(40)}")
    path = subprocess.run([*command, "--show-bin-path"], capture_output=True, text=True, check=True).stdout
    return Path(path.strip())


def write_environment(system: System) -> Path:
    """A file to source, so that the lines told to the user work when pasted."""
    file = system.directory / "environment"
    lines = [f"export {name}={shlex.quote(value)}\n" for name, value in sorted(system.settings.items())]
    lines.append(f'export PATH={shlex.quote(str(system.binaries))}:"$PATH"\n')
    file.write_text("".join(lines))
    return file


def tell_what_next(system: System, workers: list[Worker]) -> None:
    servers, prefix = system.broker.servers, system.prefix
    options = "".join(
        f" -X {name}={shlex.quote(value)}" for name, value in system.broker.client_properties.items()
        if name not in ("bootstrap.servers", "reconnect.backoff.max.ms")
    )
    environment = write_environment(system)
    print(f"""
{bold("It stays up until you press Ctrl-C. In another terminal:")}

  {dim("# a command, and its reply; then what goes by")}
  . {environment}
  tokenctl send token.list --user alice --data '{{}}'
  tokenctl watch events

  {dim("# the same with a client of somebody else")}
  echo '{{}}' | kcat -P -b {servers}{options} -t {prefix}commands.enrollment -k default/alice \\
    -X partitioner=murmur2_random -H ce_specversion=1.0 -H ce_id=$(cat /proc/sys/kernel/random/uuid) \\
    -H ce_source=/kcat -H ce_type=usertokens.token.list.v1 -H content-type=application/json
  kcat -C -b {servers}{options} -t {prefix}replies -o beginning -e -q -f '%k  %s\\n'

  {dim("# the mail and the messages that went out")}
  curl -s http://127.0.0.1:{system.receiver.http}/messages
""")
    for worker in workers:
        print(f"  {worker.kind:15} http://127.0.0.1:{worker.admin}/metrics  /health/ready   log: {worker.child.log}")
    print(f"  {'database':15} psql '{system.database.url}'", flush=True)


def watch(workers: list[Worker]) -> None:
    """Returns never; fails when a worker ends."""
    while True:
        for worker in workers:
            if not worker.child.is_running:
                raise Failure(f"{worker.kind} has ended\n{worker.child.log_tail()}")
        time.sleep(1)


def show(directory: Path, binaries: Path, options: argparse.Namespace) -> None:
    system = client = None
    try:
        print(bold("Starting"), dim(f"PostgreSQL, broker, receiver and workers; everything is in {directory}"), flush=True)
        system = System(directory, binaries)
        workers = system.start_all()
        client = Client(system.broker.client_properties, system.prefix)
        Story(system, client).play()
        if options.check:
            return
        tell_what_next(system, workers)
        watch(workers)
    finally:
        if client:
            client.close()
        if system:
            system.close()


def main() -> int:
    parser = argparse.ArgumentParser(prog="deploy/quickstart", description="Shows User Tokens at work on this machine.")
    parser.add_argument("--check", action="store_true", help="play the story and end: exit 0 if all went well, else 1")
    parser.add_argument("--dir", type=Path, metavar="DIR", help="where everything goes (default: a new directory in "
                        "/tmp, removed at the end)")
    options = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    began = time.monotonic()
    own = options.dir is None
    directory = Path(tempfile.mkdtemp(prefix="user-tokens-")) if own else options.dir.resolve()
    failed = False
    try:
        directory.mkdir(parents=True, exist_ok=True)
        if any(directory.iterdir()):
            raise Failure(f"{directory} is not empty")
        show(directory, build(directory), options)
        print(f"\n{bold('All went well')} ({time.monotonic() - began:.0f} s).")
    except Stopped:
        print("\nStopped.")
        failed = options.check
    except Failure as failure:
        print(f"\nquickstart: {failure}", file=sys.stderr)
        failed = True
    if own and failed:
        print(f"quickstart: logs are in {directory}", file=sys.stderr)
    elif own:
        shutil.rmtree(directory, ignore_errors=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
