"""The version to upgrade from: built from the project's history, into a folder that is kept."""

import io
import subprocess
import tarfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = "Shared/TokenStore/Schema"
PRODUCTS = ("enrollment", "verifier", "notifier", "expiry-scanner", "tokenctl")


class NoHistory(Exception):
    """This clone doesn't have the commit; the text says which."""


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True)
    if done.returncode != 0:
        raise NoHistory(f"git {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout.strip()


def before_the_newest_migration() -> str:
    """The last commit of the schema's version before this one."""
    added = _git("log", "-1", "--diff-filter=A", "--format=%H", "--", f"{SCHEMA}/[0-9]*.sql")
    return commit(f"{added}^" if added else "HEAD")


def commit(name: str) -> str:
    return _git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")


def folder(commit: str) -> Path:
    return ROOT / ".build/upgrade" / commit[:12]


def is_built(commit: str) -> bool:
    return (folder(commit) / "complete").exists()


def build(commit: str) -> Path:
    """The folder of the executables of a commit; they are built once, which takes minutes."""
    source, scratch = folder(commit) / "source", folder(commit) / "build"
    command = ["swift", "build", "--package-path", str(source), "--scratch-path", str(scratch)]
    if not is_built(commit):
        archive = subprocess.run(["git", "-C", str(ROOT), "archive", commit], capture_output=True, check=True).stdout
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            tar.extractall(source, filter="data")
        for product in PRODUCTS:
            subprocess.run([*command, "--product", product], check=True)
        (folder(commit) / "complete").touch()
    return Path(subprocess.run([*command, "--show-bin-path"], capture_output=True, text=True, check=True).stdout.strip())


def migrations(directory: Path = ROOT) -> list[str]:
    return sorted(path.stem for path in (directory / SCHEMA).glob("[0-9]*.sql"))
