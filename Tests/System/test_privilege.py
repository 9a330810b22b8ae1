"""Each executable connects as a role that can do its own work and nothing else (README, "Run it")."""

import json
import os
import subprocess
import urllib.parse

import pytest

from servers import postgres_program
from system import WORKERS

private = pytest.mark.skipif(bool(os.environ.get("POSTGRES_URL")), reason="makes roles: only on a private server")
pytestmark = private


def psql(url: str, statement: str) -> subprocess.CompletedProcess:
    command = [postgres_program("psql"), "-XqAt", "-v", "ON_ERROR_STOP=1", "-v", "VERBOSITY=sqlstate", "-d", url]
    return subprocess.run([*command, "-c", statement], capture_output=True, text=True)


def tokenctl(world, url: str, *arguments: str) -> subprocess.CompletedProcess:
    environment = world.system.environment(POSTGRES_URL=url)
    return subprocess.run([world.system.program("tokenctl"), *arguments], env=environment, capture_output=True,
                          text=True, timeout=60)


@pytest.fixture(scope="module")
def tools(world) -> dict[str, str]:
    """The database as the roles of the operator's tool."""
    return {owner: world.system.role_database(owner) for owner in ("operator", "auditor")}


def test_the_workers_of_this_world_are_such_roles(world):
    rows = world.database.query("SELECT DISTINCT application_name, usename FROM pg_stat_activity "
                                "WHERE application_name LIKE 'usertokens-%' AND usename <> 'postgres'")
    assert {tuple(row) for row in rows} >= {(f"usertokens-{kind}", f"user_tokens_{kind.replace('-', '_')}")
                                            for kind in WORKERS}
    names = "', '".join(f"user_tokens_{kind.replace('-', '_')}" for kind in WORKERS)
    assert world.database.query("SELECT count(*) FROM pg_roles WHERE rolname IN ('" + names + "') AND "
                                "(rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls)") == [["0"]]


@pytest.mark.parametrize("owner, statement", [
    ("verifier", "DELETE FROM audit_log"),
    ("verifier", "SELECT audit_partitions_retire(now())"),
    ("notifier", "SELECT sealed FROM token_secret"),
    ("notifier", "SELECT wrapped FROM data_key"),
    ("notifier", "SELECT phone FROM user_contact"),
    ("enrollment", "ALTER TABLE token ADD COLUMN mine int"),
    ("enrollment", "DROP TABLE audit_log"),
    ("expiry-scanner", "UPDATE token_secret SET sealed = ''"),
    *[(owner, f"CREATE {what} TABLE mine (a int)") for owner in WORKERS for what in ("", "TEMPORARY")],
])
def test_what_is_not_its_work_is_refused(world, owner, statement):
    done = psql(world.system.databases[owner], statement)
    assert done.returncode != 0 and "42501" in done.stderr, done.stderr


def test_the_tools_roles_do_their_work_and_no_more(world, tools):
    assert tokenctl(world, tools["operator"], "tenant", "add", "operated").returncode == 0
    assert "operated" in tokenctl(world, tools["operator"], "tenant", "list").stdout
    assert tokenctl(world, tools["operator"], "keys", "status").returncode == 0
    # Rows are written while it reads: the shared world's trail is whole at each moment.
    done = tokenctl(world, tools["auditor"], "audit", "verify")
    assert done.returncode == 0 and done.stdout.startswith("whole"), done.stdout + done.stderr
    assert all(json.loads(line) for line in tokenctl(world, tools["auditor"], "audit", "export").stdout.splitlines())
    for owner, command in (("operator", ["audit", "export"]), ("auditor", ["tenant", "add", "other"]),
                           ("operator", ["migrate"]), ("auditor", ["audit", "retire", "--before", "2020-01-01T00:00:00Z"]),
                           ("operator", ["grant", "auditor", "user_tokens_operator"])):
        done = tokenctl(world, tools[owner], *command)
        assert done.returncode == 78 and "privilege" in done.stderr, (command, done.stderr)


@pytest.mark.parametrize("kind", WORKERS)
def test_a_worker_whose_role_lacks_a_right_says_so_and_how_to_mend_it(world, kind):
    role = f"lacking_{kind.replace('-', '_')}"
    owner = world.database.url
    assert psql(owner, f"CREATE ROLE {role} LOGIN").returncode == 0
    try:
        parts = urllib.parse.urlsplit(owner)
        url = parts._replace(netloc=f"{role}@{parts.netloc.rsplit('@', 1)[-1]}").geturl()
        world.system.tokenctl("grant", kind, role)
        table = "delivery" if kind == "notifier" else "token"
        assert psql(owner, f"REVOKE SELECT ON {table} FROM {role}").returncode == 0
        done = subprocess.run([world.system.program(kind)], env=world.system.environment(POSTGRES_URL=url),
                              capture_output=True, text=True, timeout=60)
        last = done.stderr.splitlines()[-1]
        assert done.returncode == 78 and last.startswith("POSTGRES_URL: this role lacks SELECT ("), done.stderr
        assert f"`tokenctl grant {kind} ROLE`" in last
    finally:
        psql(owner, f"DROP OWNED BY {role}; DROP ROLE {role}")


def test_an_installation_with_one_role_goes_on(world):
    """As it was granted before there was a role for each service, and granted again after an upgrade."""
    owner = world.database.url
    assert psql(owner, "CREATE ROLE one_for_all LOGIN").returncode == 0
    try:
        parts = urllib.parse.urlsplit(owner)
        url = parts._replace(netloc=f"one_for_all@{parts.netloc.rsplit('@', 1)[-1]}").geturl()
        for _ in range(2):
            assert tokenctl(world, owner, "grant", "one_for_all").stdout == "one_for_all may do the work of the services\n"
        assert "42501" in psql(url, "DELETE FROM audit_log").stderr
        for kind in WORKERS:
            worker = world.system.start(kind, POSTGRES_URL=url)
            worker.wait_ready()
            assert worker.child.stop() == 0, worker.child.log_tail()
            world.system.workers.remove(worker)
    finally:
        psql(owner, "DROP OWNED BY one_for_all; DROP ROLE one_for_all")


@pytest.mark.parametrize("arguments", [["grant"], ["grant", "cook", "somebody"], ["grant", "verifier", "cook", "x"]])
def test_a_wrong_use_is_told(world, arguments):
    assert tokenctl(world, world.database.url, *arguments).returncode == 64


def test_a_role_that_is_not_there_is_told(world):
    done = tokenctl(world, world.database.url, "grant", "verifier", "nobody_at_all")
    assert done.returncode != 0 and len(done.stderr.splitlines()) == 1, done.stderr
