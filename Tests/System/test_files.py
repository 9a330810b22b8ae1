"""Files with secrets, and files that decide: refused where others could read or replace them (README, "Run it")."""

import os
import subprocess

import pytest

SECRET = "group or others have access"
PUBLIC = "anybody may write it"
MAIL = 'channels: {{email: [{{name: r, smtp: {{url: "smtps://127.0.0.1:1", from: "a@b.example", username: u, passwordFile: "{}"}}}}]}}\n'

# Setting, executable, what may be wrong with it.
FILES = [
    ("KEYS_FILE", "verifier", SECRET),
    ("PKCS11_PIN_FILE", "verifier", SECRET),
    ("KAFKA_PROPERTY_SSL_KEY_LOCATION", "notifier", SECRET),
    ("KAFKA_PROPERTY_SSL_KEYSTORE_LOCATION", "enrollment", SECRET),
    ("KAFKA_PROPERTY_SASL_KERBEROS_KEYTAB", "expiry-scanner", SECRET),
    ("passwordFile", "notifier", SECRET),
    ("NOTIFIER_CONFIG", "notifier", PUBLIC),
    ("COMMAND_JWKS_FILE", "enrollment", PUBLIC),
]


def settings(world, setting: str, path, folder) -> dict[str, str]:
    """The settings of a worker that reads this file; it starts nothing but a look at them."""
    given = {**world.system.settings, "KAFKA_PROPERTY_SECURITY_PROTOCOL": "plaintext"}
    if setting == "passwordFile":
        configuration = folder / "notifier.yaml"
        configuration.write_text(MAIL.format(path))
        return {**given, "NOTIFIER_CONFIG": str(configuration)}
    more = {
        "PKCS11_PIN_FILE": {"PKCS11_MODULE": "/usr/lib/softhsm/libsofthsm2.so"},
        "COMMAND_JWKS_FILE": {"COMMAND_JWT_ISSUER": "https://iam.example.org"},
    }.get(setting, {})
    return {**given, **more, setting: str(path)}


def complaint(world, program: str, given: dict[str, str]) -> str:
    """What an executable says of its settings; one that has nothing to say is ended."""
    environment = {"PATH": os.environ["PATH"], "HOME": "/", **given, "POSTGRES_URL": "host=/nowhere"}
    try:
        done = subprocess.run([world.system.program(program)], env=environment, capture_output=True, text=True, timeout=3)
    except subprocess.TimeoutExpired as error:
        return (error.stderr or b"").decode()
    assert done.returncode == 78, done.stderr
    return done.stderr


@pytest.mark.parametrize("setting, program, rule", FILES)
def test_a_file_that_others_can_touch_is_refused(world, tmp_path, setting, program, rule):
    folder = tmp_path / "folder"
    folder.mkdir(mode=0o755)
    file = folder / "file"
    file.write_text("1234\n")
    link = tmp_path / "link"
    link.symlink_to("folder/file")
    given = settings(world, setting, link, tmp_path)

    for mode in ((0o644, 0o604, 0o660, 0o601) if rule == SECRET else (0o646, 0o602)):
        file.chmod(mode)
        said = complaint(world, program, given)
        assert rule in said and len([line for line in said.splitlines() if rule in line]) == 1, said
        assert "1234" not in said
    # A good file in a folder where anybody can put another one.
    file.chmod(0o600)
    folder.chmod(0o777)
    assert "its folder is open to all" in complaint(world, program, given)
    # A directory, or nothing, in its place.
    folder.chmod(0o755)
    file.unlink()
    assert "cannot be opened" in complaint(world, program, given)
    file.mkdir()
    assert "no regular file" in complaint(world, program, given)


@pytest.mark.parametrize("setting, program, rule", FILES)
def test_the_mode_of_a_mounted_secret_is_let_through(world, tmp_path, setting, program, rule):
    """Root's, for a group to read: as systemd and Kubernetes mount them."""
    if os.geteuid() != 0:
        pytest.skip("only root can make root's files")
    file = tmp_path / "file"
    file.write_text("1234\n")
    file.chmod(0o440 if rule == SECRET else 0o444)
    said = complaint(world, program, settings(world, setting, file, tmp_path))
    assert SECRET not in said and PUBLIC not in said and "folder" not in said


def test_the_key_that_signs_commands_is_refused_where_others_can_read_it(world, tmp_path):
    key = tmp_path / "ops.jwk"
    world.system.tokenctl("keys", "signing", str(key))
    key.chmod(0o644)
    done = subprocess.run(
        [world.system.program("tokenctl"), "send", "token.list", "--user", "anna", "--jwt-key", str(key)],
        env=world.system.environment(COMMAND_JWT_ISSUER="https://iam.example.org"), capture_output=True, text=True)
    assert done.returncode == 78 and SECRET in done.stderr, done.stderr
