"""A running worker's memory is nobody's but its own: no core dump, no other process of its user reads it, keys are locked."""

import os
import re
import resource
import shutil
import signal
import subprocess

import pytest

from processes import free_port, wait_until
from system import WORKERS


def end(process: subprocess.Popen) -> None:
    if process.poll() is None:
        process.kill()
    process.wait(10)
    process.stderr.close()


def start(world, kind: str, folder, *, command=(), **more) -> subprocess.Popen:
    """A worker beside those of the shared world, allowed whatever a core dump needs."""
    environment = world.system.environment(POSTGRES_URL=world.system.databases[kind], ADMIN_LISTEN=f"127.0.0.1:{free_port()}",
                                           TOPIC_PREFIX="privacy.", LOG_LEVEL="info", LOG_FORMAT="text", **more)
    infinity = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    return subprocess.Popen([*command, world.system.program(kind)], env=environment, cwd=folder, stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, infinity))


def status(pid: int, name: str) -> str:
    with open(f"/proc/{pid}/status") as file:
        return re.search(rf"^{name}:\s*(.*)$", file.read(), re.M).group(1)


def core_limit(pid: int) -> list[str]:
    with open(f"/proc/{pid}/limits") as file:
        return re.search(r"^Max core file size\s+(\S+)\s+(\S+)", file.read(), re.M).groups()


@pytest.mark.parametrize("sign", [signal.SIGABRT, signal.SIGQUIT, signal.SIGSEGV])
def test_a_worker_that_is_killed_leaves_no_core(world, tmp_path, sign):
    def dumps(process) -> bool:
        """Whether the kernel wrote a core of it: a process that we wait for ourselves tells."""
        os.kill(process.pid, sign)
        ended = wait_until(lambda: [code for pid, code in [os.waitpid(process.pid, os.WNOHANG)] if pid], 10, "its end")
        process.returncode = -os.WTERMSIG(ended[0])
        assert process.returncode == -sign
        return os.WCOREDUMP(ended[0])

    control = subprocess.Popen(["sleep", "60"], cwd=tmp_path, stderr=subprocess.PIPE, preexec_fn=lambda: resource.setrlimit(
        resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)))
    wait_until(lambda: os.readlink(f"/proc/{control.pid}/exe").endswith("sleep"), 10, "sleep to be there")
    if not dumps(control):
        pytest.skip("this machine writes no core dumps")
    for file in tmp_path.iterdir():
        file.unlink()
    worker = start(world, "verifier", tmp_path)
    try:
        wait_until(lambda: core_limit(worker.pid) == ("0", "0"), 20, "the limit of core dumps to be 0")
        assert not dumps(worker) and not list(tmp_path.iterdir())
        # Nor is memory written to the log, as Swift's backtrace would.
        assert "0x" not in worker.stderr.read()
    finally:
        end(worker)


@pytest.mark.parametrize("kind", WORKERS)
def test_keys_are_locked_and_core_dumps_are_off(world, kind):
    pid = world.worker(kind).child.process.pid
    assert core_limit(pid) == ("0", "0")
    # OpenSSL's secure heap; more or less of it is locked as its pages are touched.
    assert int(status(pid, "VmLck").split()[0]) >= 256
    # What is not dumpable belongs to root, whoever runs it.
    assert os.stat(f"/proc/{pid}/mem").st_uid == 0


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("setpriv") is None, reason="needs root, to be somebody else")
def test_another_process_of_its_user_cannot_read_its_memory_and_no_locked_memory_is_told(world, tmp_path):
    """As a user without rights and without RLIMIT_MEMLOCK, the worker works and says what it lacks."""
    keys = tmp_path / "keys.json"
    shutil.copy(world.system.settings["KEYS_FILE"], keys)
    os.chown(keys, 65534, 65534)
    keys.chmod(0o600)
    for folder in (tmp_path, *list(tmp_path.parents)[:2]):
        folder.chmod(0o711)
    nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
    worker = start(world, "verifier", "/", command=["prlimit", "--memlock=0:0", *nobody], KEYS_FILE=str(keys))
    try:
        wait_until(lambda: core_limit(worker.pid) == ("0", "0") or worker.poll() is not None, 20, "the worker to begin")
        wait_until(lambda: os.stat(f"/proc/{worker.pid}/mem").st_uid == 0, 5, "its memory to be root's")
        for file in ("mem", "maps", "environ"):
            done = subprocess.run([*nobody, "head", "-c", "1", f"/proc/{worker.pid}/{file}"], capture_output=True, text=True)
            assert done.returncode != 0 and "Permission denied" in done.stderr, (file, done.stderr)
        assert "RLIMIT_MEMLOCK" in worker.stderr.readline()
        assert worker.poll() is None
    finally:
        end(worker)
