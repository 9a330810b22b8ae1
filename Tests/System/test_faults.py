"""What crashes, stalls and cuts do to commands: nothing. One effect and one answer each, in order."""

import signal

import pytest

from accounting import answers, effects
from load import Edits, Verifications
from processes import wait_until
from world import in_seconds


@pytest.fixture(autouse=True, scope="module")
def workers(frail):
    """Two workers for each command topic, so that lanes have somewhere to go."""
    kinds = ("enrollment", "verifier", "notifier", "expiry-scanner", "enrollment", "verifier")
    frail.system.start_all(kinds)


@pytest.fixture(autouse=True)
def whole(frail):
    """Each test finds two of each, and none is left standing still."""
    yield
    frail.broker.tell("hold off")
    frail.broker.tell("refuse off")
    frail.broker.tell("delay 0")
    for worker in list(frail.system.workers):
        worker.child.send(signal.SIGCONT)
        if not worker.child.is_running:
            frail.system.workers.remove(worker)
            frail.canaries.logs[worker.child.log.name] = worker.child.log.read_text(errors="replace")
    running = [worker.kind for worker in frail.system.workers]
    wanted = {"enrollment": 2, "verifier": 2, "notifier": 1, "expiry-scanner": 1}
    frail.system.start_all(tuple(kind for kind, count in wanted.items() for _ in range(count - running.count(kind))))


def running(world, kind):
    return [worker for worker in world.system.workers if worker.kind == kind and worker.child.is_running]


def test_a_verifier_is_killed_in_the_middle(frail):
    load = Verifications(frail)
    load.write(range(0, 8))
    load.wait_for_some(len(load.commands) // 3)
    for worker in running(frail, "verifier"):
        worker.child.kill()
    load.write(range(8, 12))
    frail.system.start("verifier")
    load.write(range(12, load.rounds))
    load.check()


def test_one_of_two_verifiers_is_killed_and_the_other_goes_on(frail):
    load = Verifications(frail)
    load.write(range(0, 8))
    load.wait_for_some(len(load.commands) // 4)
    running(frail, "verifier")[0].child.kill()
    load.write(range(8, load.rounds))
    load.check()


def test_an_enrollment_worker_is_killed_in_the_middle(frail):
    load = Edits(frail)
    load.write(range(0, 8))
    load.wait_for_some(len(load.commands) // 3)
    for worker in running(frail, "enrollment"):
        worker.child.kill()
    load.write(range(8, 12))
    frail.system.start("enrollment")
    load.write(range(12, load.rounds))
    load.check()


def test_the_notifier_is_killed_in_the_middle(frail):
    people = [frail.person("kill") for _ in range(40)]
    tokens = [person.enroll("sms")["tokenId"] for person in people]
    requests = [person.send("otp.request", {"tokenId": token, "purpose": "login"}) for person, token in zip(people, tokens)]
    wait_until(lambda: sum(1 for person in people if frail.receiver.messages(person.phone)) >= 10, 30, "ten messages")
    frail.worker("notifier").child.kill()
    frail.system.start("notifier")
    replies = answers(frail.client, requests)
    for person, request in zip(people, requests):
        otp = person.received()
        messages = frail.receiver.messages(person.phone)
        assert len({message["text"] for message in messages}) == 1 and len(messages) <= 2
        challenge = replies[request.id].result["challengeId"]
        sent = frail.client.event("notification.sent", challengeId=challenge, timeout=40)
        assert len({e.id for e in frail.client.find(topic="events", type="notification.sent")
                    if e.data["challengeId"] == challenge}) == 1, sent
        assert person.verify(otp, challengeId=challenge).status == "ok"


def test_the_scanner_is_killed_in_the_middle(frail):
    people = [frail.person("scan") for _ in range(60)]
    commands = [person.send("token.enroll", {"tokenType": "email", "email": person.email, "expiresAt": in_seconds(4)})
                for person in people]
    tokens = {reply.result["token"]["tokenId"] for reply in answers(frail.client, commands).values()}

    def obsoleted():
        events = frail.client.find(topic="events", type="token.obsoleted")
        return [event for event in events if event.data["token"]["tokenId"] in tokens]

    frail.client.wait(obsoleted, 30, "the first obsolete token")
    frail.worker("expiry-scanner").child.kill()
    frail.system.start("expiry-scanner")
    frail.client.wait(lambda: {e.data["token"]["tokenId"] for e in obsoleted()} == tokens, 40, "all tokens obsolete")
    ids = {}
    for event in obsoleted():
        assert ids.setdefault(event.data["token"]["tokenId"], (event.id, event.value)) == (event.id, event.value)


def test_workers_are_replaced_one_by_one(frail):
    verifications, edits = Verifications(frail, users=5), Edits(frail, users=5)
    for index, worker in enumerate(running(frail, "verifier") + running(frail, "enrollment")):
        verifications.write(range(index * 3, index * 3 + 3))
        edits.write(range(index * 3, index * 3 + 3))
        assert worker.child.stop(timeout=20) == 0, worker.child.log_tail()
        frail.system.start(worker.kind).wait_ready()
    verifications.write(range(12, 15))
    edits.write(range(12, 15))
    verifications.check()
    edits.check()


def test_two_verifiers_that_both_believe_they_own_a_lane(frail):
    """One is stopped for longer than the group waits, its lanes go to the other, then it wakes."""
    load = Verifications(frail)
    load.write(range(0, 4))
    stopped = running(frail, "verifier")[0].child
    stopped.send(signal.SIGSTOP)
    load.write(range(4, 9))
    # All lanes are answered, so those of the stopped one have moved.
    load.wait_for_some(len(load.commands), timeout=90)
    load.write(range(9, 12))
    stopped.send(signal.SIGCONT)
    load.write(range(12, load.rounds))
    load.check()
    assert stopped.is_running


def test_postgresql_is_stopped_at_once_and_started_again(frail):
    load = Verifications(frail)
    load.write(range(0, 6))
    load.wait_for_some(len(load.commands) // 3)
    frail.database.stop()
    load.write(range(6, 10))
    verifier = running(frail, "verifier")[0]
    wait_until(lambda: verifier.get("/health/ready")[0] == 503, 20, "the verifier to be unready")
    assert verifier.get("/health/live")[0] == 200
    frail.database.start()
    load.write(range(10, load.rounds))
    load.check()
    for worker in frail.system.workers:
        worker.wait_ready()


def test_connections_to_the_broker_are_cut(frail):
    load = Verifications(frail)
    for index in range(0, 9, 3):
        load.write(range(index, index + 3))
        frail.broker.tell("cut")
    frail.broker.tell("refuse on")
    frail.broker.tell("cut")
    load.write(range(9, 10))
    frail.broker.tell("refuse off")
    load.write(range(10, load.rounds))
    load.check()


def test_a_worker_dies_while_its_answers_are_held_back(frail):
    """Committed, written, not acknowledged: whoever takes over writes the same answers again."""
    load = Verifications(frail)
    load.write(range(0, 2))
    load.check()
    frail.broker.tell("hold produce")
    load.write(range(2, 5))
    # The client sees the answers, since only the acknowledgements are held back.
    load.wait_for_some(len(load.people) * 2 + 1)
    for worker in running(frail, "verifier"):
        worker.child.kill()
    frail.broker.tell("hold off")
    frail.system.start("verifier")
    load.write(range(5, load.rounds))
    load.check()


def test_one_otp_sent_fifty_times_at_once_is_accepted_once(frail):
    """On all partitions, so that two workers and four lanes meet in the same user."""
    person = frail.person("fifty")
    token, secret = person.enroll_hotp()
    totp_token, totp_secret = person.enroll_totp("now")
    sms = person.enroll("sms")["tokenId"]
    challenge = person.request(sms)["challengeId"]
    cases = [
        ({"otp": person.hotp(secret, 0)[0], "tokenId": token}, {"otp_replayed"}),
        ({"otp": person.totp(totp_secret), "tokenId": totp_token}, {"otp_replayed"}),
        ({"otp": person.received(), "challengeId": challenge}, {"challenge_used"}),
    ]
    for data, refused in cases:
        commands = [frail.client.command("otp.verify", person.id, {**data, "purpose": "login"}) for _ in range(50)]
        for number, command in enumerate(commands):
            frail.client.write(command, partition=number % 4)
        replies = [frail.client.reply(command) for command in commands]
        accepted = [command for command, reply in zip(commands, replies) if reply.status == "ok"]
        assert len(accepted) == 1
        assert {reply.code for reply in replies if reply.status != "ok"} == refused
        effects(frail.client, "otp.verified", accepted)


def test_one_otp_at_once_is_accepted_once_though_a_verifier_dies_and_another_joins(frail):
    """A1: kill -9 of one of two, in the middle, while a third joins: lanes move with values under way."""
    person = frail.person("dying")
    token, secret = person.enroll_hotp()
    totp_token, totp_secret = person.enroll_totp("now")
    challenge = person.request(person.enroll("sms")["tokenId"])["challengeId"]
    values = [{"otp": person.hotp(secret, 0)[0], "tokenId": token}, {"otp": person.totp(totp_secret), "tokenId": totp_token},
              {"otp": person.received(), "challengeId": challenge}]
    commands = {index: [] for index in range(len(values))}

    def write(count):
        for number in range(count):
            for index, data in enumerate(values):
                command = frail.client.command("otp.verify", person.id, {**data, "purpose": "login"})
                frail.client.write(command, partition=(number + index) % 4)
                commands[index].append(command)

    write(8)
    running(frail, "verifier")[0].child.kill()
    write(8)
    frail.system.start("verifier")
    write(8)
    refused = [{"otp_replayed"}, {"otp_replayed"}, {"challenge_used"}]
    for index, written in commands.items():
        replies = [frail.client.reply(command, timeout=90) for command in written]
        accepted = [command for command, reply in zip(written, replies) if reply.status == "ok"]
        assert len(accepted) == 1
        assert {reply.code for reply in replies if reply.status != "ok"} == refused[index]
        assert {reply.data["publicCode"] for reply in replies if reply.status != "ok"} == {"otp_mismatch"}
        effects(frail.client, "otp.verified", accepted)
    assert frail.database.query(f"SELECT moving_factor FROM token WHERE token_id = '{token}'") == [["1"]]


def test_one_command_on_all_partitions_has_one_effect(frail):
    person = frail.person("copies")
    command = frail.client.command("token.enroll", person.id, {"tokenType": "email", "email": person.email})
    for number in range(20):
        frail.client.write(command, partition=number % 4)
    answers(frail.client, [command])
    frail.client.replies(command, 20)
    answers(frail.client, [command])
    assert len(person.ask("token.list").result["tokens"]) == 1


def test_limits_hold_under_concurrency(frail):
    """A5, A30: guesses and enrolments that arrive on all partitions at once are counted one by one."""
    person = frail.person("limits")
    commands = [frail.client.command("token.enroll", person.id, {"tokenType": "email", "email": person.email})
                for _ in range(16)]
    for number, command in enumerate(commands):
        frail.client.write(command, partition=number % 4)
    codes = [frail.client.reply(command).code for command in commands]
    assert sorted(codes, key=str).count("too_many_tokens") == 6
    token, secret = person.enroll_hotp()
    right = person.hotp(secret, 0)[0]
    guesses = [frail.client.command("otp.verify", person.id, {"otp": str(index).zfill(6), "purpose": "login",
                                                              "tokenId": token})
               for index in range(20) if str(index).zfill(6) != right]
    for number, command in enumerate(guesses):
        frail.client.write(command, partition=number % 4)
    codes = [frail.client.reply(command).code for command in guesses]
    assert codes.count("otp_mismatch") == 5 and codes.count("locked") == len(codes) - 5


def test_a_worker_waits_for_a_database_that_is_away_when_it_starts(frail):
    frail.database.stop()
    try:
        worker = frail.system.start("verifier")
        wait_until(lambda: worker.get("/health/live")[0] == 200, 20, "the admin port")
        assert worker.get("/health/ready")[0] == 503
    finally:
        frail.database.start()
    worker.wait_ready()
    for each in frail.system.workers:
        each.wait_ready()
    worker.child.stop()


def test_a_worker_waits_for_a_broker_that_is_away_when_it_starts(frail):
    frail.broker.tell("refuse on")
    worker = frail.system.start("enrollment")
    wait_until(lambda: worker.get("/health/live")[0] == 200, 20, "the admin port")
    assert worker.get("/health/ready")[0] == 503
    frail.broker.tell("refuse off")
    worker.wait_ready()
    assert frail.person("after").enroll("sms")["status"] == "ACTIVE"
    worker.child.stop()
