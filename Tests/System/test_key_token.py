"""The key-encryption key on a PKCS#11 token (SoftHSM): the system enrols and verifies with it, and goes on without it."""

import secrets
import subprocess

import pytest

from conftest import make_world
from processes import wait_until
from test_keys import retired, remove, status

MODULE = "/usr/lib/softhsm/libsofthsm2.so"
PIN = "1234-system"
URI = "pkcs11:token=usertokens;object=kek"
WORKERS = ("enrollment", "verifier", "notifier", "expiry-scanner")


@pytest.fixture(scope="module")
def tokened(binaries, canaries):
    """A world with a token of its own; its workers are started by the tests."""
    yield from make_world(binaries, canaries, durable=False, workers=(), settings={"SCAN_INTERVAL": "1s"})


def make_token(world) -> None:
    """A token with an AES-256 key that nobody else has, and the settings for it."""
    folder = world.system.directory
    (folder / "softhsm").mkdir(mode=0o700)
    configuration = folder / "softhsm2.conf"
    configuration.write_text(f"directories.tokendir = {folder}/softhsm\nlog.level = ERROR\n")
    pin = folder / "token.pin"
    pin.touch(mode=0o600)
    pin.write_text(PIN + "\n")
    key = folder / "key.bin"
    key.touch(mode=0o600)
    # No binary key: softhsm2-util ends it at a zero or a line feed.
    key.write_text(secrets.token_hex(16))
    environment = {"SOFTHSM2_CONF": str(configuration), "PATH": "/usr/bin:/bin"}
    for arguments in (["--init-token", "--free", "--label", "usertokens", "--so-pin", PIN, "--pin", PIN],
                      ["--import", key, "--aes", "--token", "usertokens", "--label", "kek", "--id", "01", "--pin", PIN]):
        subprocess.run(["softhsm2-util", *arguments], env=environment, check=True, capture_output=True)
    key.unlink()
    world.system.settings |= {
        "SOFTHSM2_CONF": str(configuration), "PKCS11_MODULE": MODULE, "PKCS11_PIN_FILE": str(pin)}


def wrapping(world) -> set[str]:
    return {kid for [kid] in world.database.query("SELECT wrapping_kid FROM data_key")}


def active(world) -> str:
    return next(kid for kid, row in status(world).items() if row[:2] == ["kek", "active"])


def stop_all(world) -> None:
    for worker in [worker for worker in world.system.workers if worker.child.is_running]:
        worker.child.stop()


def test_a_token_holds_the_key_encryption_key(tokened):
    world = tokened
    make_token(world)
    world.system.tokenctl("keys", "rotate", "kek", "--pkcs11", URI)
    world.system.start_all(WORKERS)
    assert wrapping(world) == {active(world)}
    person = world.person("token")
    token, secret = person.enroll_hotp()
    values = person.hotp(secret, 0, 6)
    assert person.verify(values[0], tokenId=token).status == "ok"

    # Whoever starts without the file's PIN, or the setting, is told so.
    for settings, line in (
            ({"PKCS11_MODULE": "", "PKCS11_PIN_FILE": ""}, f"PKCS11_MODULE: required: kid {active(world)}"),
            ({"PKCS11_PIN_FILE": ""}, "PKCS11_PIN_FILE: required with PKCS11_MODULE"),
            ({"PKCS11_MODULE": "/none"}, "PKCS11_MODULE: the library cannot be loaded")):
        done = subprocess.run([world.system.program("verifier")], env=world.system.environment(**settings),
                              capture_output=True, text=True, timeout=30)
        assert done.returncode == 78 and line in done.stdout + done.stderr, (done.returncode, done.stderr)

    # Started again, all open what the token sealed.
    stop_all(world)
    world.system.start_all(WORKERS)
    assert person.verify(values[1], tokenId=token).status == "ok"

    # Back to the file while all run: then the token is not needed any more.
    old = active(world)
    world.system.tokenctl("keys", "rotate", "kek")
    wait_until(lambda: retired(world, "kek")[old] == "unneeded" and wrapping(world) == {active(world)}, 60, "re-wrap")
    assert person.verify(values[2], tokenId=token).status == "ok"
    for kid in retired(world, "kek"):
        assert remove(world, kid).returncode == 0
    stop_all(world)
    for name in ("PKCS11_MODULE", "PKCS11_PIN_FILE", "SOFTHSM2_CONF"):
        del world.system.settings[name]
    world.system.start_all(WORKERS)
    assert person.verify(values[3], tokenId=token).status == "ok"
