"""`tokenctl import` from a vendor's file to a device in a user's hands (contract sections 11, 12)."""

import base64
import json
import secrets
import subprocess

import pskc
import pytest

from test_hardware import ask
from world import base32_secret


def run_import(world, file, *options):
    command = [world.system.program("tokenctl"), "import", str(file), *map(str, options)]
    return subprocess.run(command, env=world.system.environment(), capture_output=True, text=True, timeout=120)


class Delivery:
    """Devices with serial numbers and seeds that no other test has."""

    def __init__(self, world, count: int):
        prefix = f"V{secrets.token_hex(3).upper()}-"
        self.prefix = prefix
        self.seeds = {f"{prefix}{number:05}": base32_secret() for number in range(count)}
        world.canaries.seeds |= set(self.seeds.values())

    def csv(self, type: str = "hotp") -> str:
        return "".join(f"{serial}, {seed}, {type}, 6, 30\n" for serial, seed in self.seeds.items())


def holds(world, person, serial: str, seed: str) -> None:
    """The device is in the stock, and its values prove that its seed is the file's."""
    first, second = person.hotp(seed, 3, 2)
    data = {"tokenType": "hotp-hardware", "serial": serial, "otp1": first, "otp2": second}
    assert person.ask("token.enroll", data).result["token"]["status"] == "ACTIVE"


def test_a_list_of_many_devices_goes_into_the_stock_in_several_commands(world, tmp_path):
    delivery = Delivery(world, 1_200)
    file = tmp_path / "tokens.csv"
    file.write_text(delivery.csv())
    dry = run_import(world, file, "--dry-run")
    assert dry.returncode == 0 and not ask(world, "token.list", {"serial": delivery.prefix}).result["tokens"]
    done = run_import(world, file)
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "imported 1200, skipped 0"), done.stdout + done.stderr
    for seed in list(delivery.seeds.values())[:50]:
        assert seed not in done.stdout + done.stderr
    serial, seed = next(iter(delivery.seeds.items()))
    holds(world, world.person("import"), serial, seed)
    again = run_import(world, file)
    assert (again.returncode, again.stdout.splitlines()[0]) == (0, "imported 0, skipped 1200")


def test_what_can_not_be_taken_is_named_and_the_rest_is(world, tmp_path):
    delivery, other = Delivery(world, 2), Delivery(world, 1)
    file = tmp_path / "tokens.csv"
    [taken] = other.seeds
    file.write_text(other.csv())
    assert run_import(world, file).returncode == 0
    file.write_text(delivery.csv() + f"{taken}, {base32_secret()}, hotp, 6, 30\nbad-1, ???, hotp, 6, 30\n")
    done = run_import(world, file)
    assert done.returncode == 1 and done.stdout.startswith("imported 2, skipped 2"), done.stdout
    assert "serial_taken" in done.stdout and "malformed" in done.stdout and taken in done.stdout


@pytest.mark.parametrize("protection", ["clear", "key", "password"])
def test_pskc_of_another_tool_is_read(world, tmp_path, protection):
    delivery = Delivery(world, 3)
    document = pskc.PSKC()
    for serial, seed in delivery.seeds.items():
        document.add_key(serial=serial, secret=base64.b32decode(seed), algorithm="urn:ietf:params:xml:ns:keyprov:pskc:hotp", counter=2,
                         manufacturer="Example", response_length=6, response_encoding="DECIMAL")
    options, key = [], secrets.token_bytes(16)
    secret_file = tmp_path / "secret"
    if protection == "key":
        document.encryption.setup_preshared_key(key=key)
        secret_file.write_text(key.hex())
        options = ["--key-file", secret_file]
    elif protection == "password":
        document.encryption.setup_pbkdf2("correct horse", iterations=1000)
        secret_file.write_text("correct horse\n")
        options = ["--password-file", secret_file]
    secret_file.touch()
    secret_file.chmod(0o600)
    file = tmp_path / "tokens.xml"
    document.write(str(file))
    if options:
        wrong = tmp_path / "wrong"
        wrong.write_text("00" * 16)
        wrong.chmod(0o600)
        refused = run_import(world, file, options[0], wrong)
        assert refused.returncode == 65 and "imported" not in refused.stdout
    done = run_import(world, file, *options)
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "imported 3, skipped 0"), done.stdout + done.stderr
    serial, seed = next(iter(delivery.seeds.items()))
    holds(world, world.person("pskc"), serial, seed)
    assert ask(world, "token.list", {"serial": serial}).result["tokens"][0]["manufacturer"] == "Example"


def test_what_is_no_vendor_file_is_one_line_and_65(world, tmp_path):
    for content in ("hello", "<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a 'b'>]><x/>", json.dumps({"tokens": 7}), ""):
        file = tmp_path / "file"
        file.write_text(content)
        done = run_import(world, file)
        assert done.returncode == 65 and done.stdout == "" and len(done.stderr.splitlines()) == 1, (content, done)
    assert run_import(world, tmp_path / "absent").returncode == 65
    assert run_import(world, file, "--loud").returncode == 64
