"""The checker has to be able to fail: a history is broken in each way, and each has to be found by the rule that is for it."""

import json
import random
from dataclasses import replace

from checker import check
from commands import commands_of, directory_changes_of, topic_of
from history import COMMAND_TOPICS, History, Record


class NotHere(Exception):
    """The history has nothing that can be broken so."""


def self_test(history: History, report) -> list[str]:
    """What the checker did not see."""
    usual = {str(finding) for finding in check(history)}
    blind, absent = [], []
    for break_it, rule in BREAKAGES.items():
        name = break_it.__name__.replace("_", " ")
        broken = History([replace(record) for record in history.records], history.written, {name: [dict(row) for row in rows] for name, rows in history.tables.items()},
                         history.secrets, history.codes, history.opened, history.otps, dict(history.letters), history.canaries,
                         dict(history.outputs), dict(history.facts))
        try:
            break_it(broken, random.Random(1))
        except (NotHere, IndexError):
            absent.append(name)
            continue
        # Anew: what was looked at meanwhile was kept as it had been.
        fresh = replace(broken, records=[replace(record) for record in broken.records])
        new = [finding for finding in check(fresh, only=rule) if str(finding) not in usual]
        if not any(finding.rule == rule for finding in new):
            blind.append(f"{name} (by {rule})")
    report.notes.append(f"self-test: {len(BREAKAGES) - len(blind) - len(absent)} of {len(BREAKAGES)} ways to break the history found"
                        + (f"; not in this history: {', '.join(absent)}" if absent else ""))
    if len(absent) > len(BREAKAGES) // 3:
        blind.append("too little happened to break")
    return blind


# Tools

def _answer(record: Record, **data) -> None:
    record.value = json.dumps({**json.loads(record.value), **data})


def _replies(history: History, code: str, type: str | None = None) -> list[Record]:
    found = [r for r in history.records if r.topic.endswith(".replies") and r.data.get("code", "ok") == code
             and (type is None or r.type == f"{type}.reply")]
    if not found:
        raise NotHere
    return found


def _events(history: History, type: str) -> list[Record]:
    found = [r for r in history.records if r.topic.endswith(".events") and r.type == type]
    if not found:
        raise NotHere
    return found


def _drop(history: History, *records: Record) -> None:
    gone = {id(record) for record in records}
    history.records = [record for record in history.records if id(record) not in gone]


def _again(history: History, record: Record, **changes) -> Record:
    last = max(other.offset for other in history.records if (other.topic, other.partition) == (record.topic, record.partition))
    twin = replace(record, offset=last + 1, **changes)
    history.records.append(twin)
    return twin


def _same(history: History, record: Record) -> list[Record]:
    """All writings of a record."""
    return [other for other in history.records if other.topic == record.topic and other.id == record.id]


def _accept(history: History, command) -> None:
    """Turns a refusal into an acceptance, everywhere that it is told."""
    token = command.data.get("tokenId")
    verified = _verified(command.at)
    for answer in command.answers:
        for record in _same(history, answer):
            record.value = json.dumps({"status": "ok", "result": {
                "tokenId": token, "tokenType": "hotp", "verifiedAt": verified, "purpose": command.data["purpose"], "boundTo": None}})


def _verified(at: int) -> str:
    from datetime import datetime, timezone

    text = datetime.fromtimestamp(at // 1000 / 1000, timezone.utc).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


# Ways to break a history

def an_answer_is_missing(history, draw):
    reply = draw.choice(_replies(history, "ok"))
    _drop(history, *[r for r in history.records if r.topic == reply.topic and r.cause == reply.cause])


def a_record_is_missing(history, draw):
    record = next(r for r in history.records if r.topic.endswith(".events"))
    _drop(history, record)


def a_command_has_two_answers(history, draw):
    twin = _again(history, draw.choice(_replies(history, "ok", "otp.verify")))
    _answer(twin, status="rejected", code="otp_mismatch")


def a_repeat_differs_in_a_header(history, draw):
    reply = draw.choice(_replies(history, "ok"))
    _again(history, reply, headers=[*reply.headers, ["ce_more", "1"]])


def an_answer_bears_another_type(history, draw):
    for record in _same(history, draw.choice(_replies(history, "ok"))):
        record.headers = [[n, "usertokens.other.v1.reply" if n == "ce_type" else v] for n, v in record.headers]


def two_answers_are_swapped(history, draw):
    by_user = {}
    for command in sorted((c for c in commands_of(history) if c.executed and len(c.answers) == 1), key=lambda c: c.order):
        before = by_user.get((command.user, topic_of(command)))
        if before and before.executed.partition == command.executed.partition and before.order < command.order:
            a, b = before.answers[0], command.answers[0]
            if (a.partition, a.offset) < (b.partition, b.offset):
                a.offset, b.offset = b.offset, a.offset
                return
        by_user[command.user, topic_of(command)] = command
    raise NotHere


def an_effect_comes_before_its_time(history, draw):
    """The inbox tells that a command was decided before one that had been answered when it was written."""
    users = {}
    for command in sorted((c for c in commands_of(history) if c.stored and c.answers and c.written), key=lambda c: c.order):
        first = users.setdefault(command.user, command)
        if min(answer.place for answer in first.answers) < command.written.seen:
            command.stored["commit"] = -1
            return
    raise NotHere


def a_lane_is_out_of_order(history, draw):
    rows = [row for row in history.tables["inbox"] if row["topic"].endswith("verification")]
    lane = [row for row in rows if row["partition"] == rows[0]["partition"]]
    lane.sort(key=lambda row: (row["batch_seq"], row["position"]))
    lane[1]["batch_seq"], lane[-1]["batch_seq"] = lane[-1]["batch_seq"], lane[1]["batch_seq"]


def a_directory_record_is_lost(history, draw):
    """As if its effect had never been: nothing tells of it but what it voided."""
    keys = {change.stored["key"] for change in directory_changes_of(history)}
    if not keys:
        raise NotHere
    history.tables["inbox"].remove(next(row for row in history.tables["inbox"] if row["key"] in keys))


def an_event_is_missing(history, draw):
    _drop(history, *_same(history, draw.choice(_events(history, "otp.verified"))))


def an_effect_is_doubled(history, draw):
    event = draw.choice(_events(history, "otp.verified"))
    _again(history, event, headers=[[n, v + "x" if n == "ce_id" else v] for n, v in event.headers])


def a_refused_command_has_an_effect(history, draw):
    refused = draw.choice(_replies(history, "wrong_status"))
    event = draw.choice(_events(history, "token.disabled"))
    _again(history, event, headers=[[n, refused.cause if n == "ce_causationid" else v + "x" if n == "ce_id" else
                                     refused.header("ce_correlationid") if n == "ce_correlationid" else v] for n, v in event.headers])


def an_audit_row_is_missing(history, draw):
    history.tables["audit"].remove(next(row for row in history.tables["audit"] if row["command"] == "otp.verify"))


def an_audit_row_tells_otherwise(history, draw):
    next(row for row in history.tables["audit"] if row["outcome"] == "ok" and row["command"] == "otp.verify")["outcome"] = "locked"


def an_inbox_row_is_missing(history, draw):
    keys = {row["key"] for row in history.tables["audit"]}
    history.tables["inbox"].remove(next(row for row in history.tables["inbox"] if row["key"] in keys))


def a_value_is_accepted_twice(history, draw):
    for command in commands_of(history):
        if command.type == "otp.verify" and command.code == "otp_replayed" and "tokenId" in command.data:
            _accept(history, command)
            return
    raise NotHere


def a_challenge_is_accepted_twice(history, draw):
    for command in commands_of(history):
        if command.type == "otp.verify" and command.code == "challenge_used" and "challengeId" in command.data:
            _accept(history, command)
            return
    raise NotHere


def a_wrong_value_is_accepted(history, draw):
    for command in commands_of(history):
        if command.type == "otp.verify" and command.code == "otp_mismatch" and "tokenId" in command.data:
            _accept(history, command)
            return
    raise NotHere


def a_right_value_is_refused(history, draw):
    for reply in _replies(history, "ok", "otp.verify"):
        if any(c.id == reply.cause and "tokenId" in c.data for c in commands_of(history)):
            for record in _same(history, reply):
                record.value = json.dumps({"status": "rejected", "code": "otp_replayed", "message": "", "details": {}})
            return
    raise NotHere


def a_value_is_accepted_after_its_end(history, draw):
    reply = draw.choice(_replies(history, "ok", "otp.verify"))
    result = json.loads(reply.value)["result"]
    for record in _same(history, reply):
        _answer(record, result={**result, "verifiedAt": "2099-01-01T00:00:00.000Z"})


def a_counter_goes_back(history, draw):
    for row in history.tables["token"]:
        if row["kind"] == 3 and row["status"] == 1 and (row["moving_factor"] or 0) > 0:
            row["moving_factor"] -= 1
            return
    raise NotHere


def a_users_count_is_off_by_one(history, draw):
    draw.choice([row for row in history.tables["user"]])["failures"] += 1


def a_tokens_count_is_off_by_one(history, draw):
    draw.choice([row for row in history.tables["token"] if row["status"] == 1 and row["user_id"]])["failures"] += 1


def an_answer_tells_of_too_many_attempts(history, draw):
    for reply in _replies(history, "otp_mismatch", "otp.verify"):
        details = json.loads(reply.value)["details"]
        if "attemptsLeft" in details:
            for record in _same(history, reply):
                _answer(record, details={**details, "attemptsLeft": details["attemptsLeft"] + 1})
            return
    raise NotHere


def more_are_evaluated_than_allowed(history, draw):
    for reply in _replies(history, "locked", "otp.verify"):
        for record in _same(history, reply):
            _answer(record, code="otp_mismatch", details={"attemptsLeft": 0})


def a_status_is_not_what_the_events_tell(history, draw):
    draw.choice([row for row in history.tables["token"] if row["status"] == 1 and row["user_id"]])["status"] = 2


def the_last_event_of_a_token_is_missing(history, draw):
    for event in reversed(_events(history, "token.disabled")):
        later = [e for e in history.records if e.topic.endswith(".events") and e is not event and e.id != event.id
                 and (e.data.get("token") or {}).get("tokenId") == event.data["token"]["tokenId"]
                 and e.data["token"]["version"] >= event.data["token"]["version"]]
        if not later:
            _drop(history, *_same(history, event))
            return
    raise NotHere


def a_version_has_two_faces(history, draw):
    event = draw.choice(_events(history, "token.disabled"))
    data = json.loads(event.value)
    data["token"]["description"] = "another"
    _again(history, event, value=json.dumps(data), headers=[[n, v + "x" if n == "ce_id" else v] for n, v in event.headers])


def a_change_is_refused_that_is_allowed(history, draw):
    for command in commands_of(history):
        if command.type == "token.disable" and command.code == "ok" and not command.reply["result"].get("unchanged"):
            for answer in command.answers:
                answer.value = json.dumps({"status": "rejected", "code": "wrong_status", "message": "", "details": {"status": "PENDING"}})
            return
    raise NotHere


def an_old_state_is_used(history, draw):
    """A verification is accepted that was written after the answer to what disabled its token."""
    closed = {}
    for command in sorted((c for c in commands_of(history) if c.stored and c.answers and c.written), key=lambda c: c.order):
        token = command.data.get("tokenId")
        if command.type == "token.disable" and command.code == "ok" and not command.reply["result"].get("unchanged"):
            closed[token] = min(answer.place for answer in command.answers)
        elif command.type == "token.enable":
            closed.pop(token, None)
        elif command.type == "otp.verify" and command.code == "wrong_status" and closed.get(token, 10**9) < command.written.seen:
            _accept(history, command)
            return
    raise NotHere


def a_message_is_not_written(history, draw):
    reply = draw.choice(_replies(history, "ok", "otp.request"))
    _drop(history, *[r for r in history.records if r.topic.endswith(".notifications") and r.cause == reply.cause])


def a_notification_has_no_end(history, draw):
    _drop(history, *_same(history, draw.choice(_events(history, "notification.sent"))))


def a_notification_has_two_ends(history, draw):
    event = draw.choice(_events(history, "notification.sent"))
    changed = {"ce_id": lambda id: id + "x", "ce_type": lambda type: type.replace("sent", "dropped")}
    _again(history, event, headers=[[n, changed[n](v) if n in changed else v] for n, v in event.headers])


def nobody_took_what_was_sent(history, draw):
    event = draw.choice(_events(history, "notification.sent"))
    history.facts["taken"] = {id: n for id, n in history.facts["taken"].items() if id != event.data["notificationId"]}


def a_message_is_taken_twice(history, draw):
    event = draw.choice(_events(history, "notification.sent"))
    history.facts.update({"taken": {**history.facts["taken"], event.data["notificationId"]: 2}, "notifiers killed": 0})


def a_dead_letter_is_missing(history, draw):
    letter = next((r for r in history.records if r.topic.endswith(".dlq")), None)
    if letter is None:
        raise NotHere
    place = (letter.header("dlq_topic"), letter.header("dlq_partition"), letter.header("dlq_offset"))
    _drop(history, *[r for r in history.records if r.topic.endswith(".dlq")
                     and (r.header("dlq_topic"), r.header("dlq_partition"), r.header("dlq_offset")) == place])


def a_dead_letter_holds_something_else(history, draw):
    if not history.letters:
        raise NotHere
    history.letters[next(iter(history.letters))] = "something else"


def a_good_record_has_a_dead_letter(history, draw):
    letter = next((r for r in history.records if r.topic.endswith(".dlq")), None)
    good = next(r for r in history.records if r.topic.endswith(COMMAND_TOPICS) and not r.header("poison"))
    if letter is None:
        raise NotHere
    place = {"dlq_topic": good.topic, "dlq_partition": str(good.partition), "dlq_offset": str(good.offset)}
    _again(history, letter, headers=[[n, place.get(n, v)] for n, v in letter.headers])


def a_reused_id_is_not_refused(history, draw):
    reply = _replies(history, "id_reused")[0]
    _drop(history, *[r for r in _replies(history, "id_reused") if r.cause == reply.cause])


def the_audit_is_broken(history, draw):
    history.facts["audit verify"] = [1, "lane 1: row 7"]


def a_lane_owes_answers(history, draw):
    history.tables["lane"][0]["answered_through"] = history.tables["lane"][0]["batch_seq"] - 1


def a_log_shows_an_otp(history, draw):
    name = next(name for name in history.outputs if name.endswith(".log"))
    history.outputs[name] += f"\nsent {history.canaries['otps'][0]} to somebody"


def a_log_shows_a_seed(history, draw):
    name = next(name for name in history.outputs if name.endswith(".log"))
    history.outputs[name] += history.canaries["secrets"][0]


def an_event_shows_a_contact(history, draw):
    event = draw.choice(_events(history, "otp.requested"))
    event.headers = [*event.headers, ["x", history.canaries["contacts"][0]]]


def a_metric_shows_a_contact(history, draw):
    name = next(name for name in history.outputs if name.endswith(".metrics"))
    history.outputs[name] += f'sent{{to="{history.canaries["contacts"][0]}"}} 1'


def the_dump_shows_a_seed(history, draw):
    history.outputs["database.sql"] += "\n\\\\x" + history.canaries["secrets"][0].encode().hex()


def the_dump_shows_an_otp(history, draw):
    history.outputs["database.sql"] += f"\n1\t{history.canaries['otps'][0]}\t2"


BREAKAGES = {
    a_record_is_missing: "log",
    an_answer_is_missing: "answers", a_command_has_two_answers: "answers", a_repeat_differs_in_a_header: "answers",
    an_answer_bears_another_type: "answers", an_inbox_row_is_missing: "answers", a_reused_id_is_not_refused: "answers",
    a_message_is_not_written: "answers", a_directory_record_is_lost: "answers", two_answers_are_swapped: "order", an_effect_comes_before_its_time: "order",
    a_lane_is_out_of_order: "order", an_old_state_is_used: "order", an_event_is_missing: "effects", an_effect_is_doubled: "effects",
    a_refused_command_has_an_effect: "effects", an_audit_row_is_missing: "effects", an_audit_row_tells_otherwise: "effects",
    a_value_is_accepted_twice: "values", a_challenge_is_accepted_twice: "values", a_wrong_value_is_accepted: "values",
    a_right_value_is_refused: "values", a_value_is_accepted_after_its_end: "values", a_counter_goes_back: "values",
    a_users_count_is_off_by_one: "counts", a_tokens_count_is_off_by_one: "counts", an_answer_tells_of_too_many_attempts: "counts",
    more_are_evaluated_than_allowed: "counts", a_status_is_not_what_the_events_tell: "states",
    the_last_event_of_a_token_is_missing: "states", a_version_has_two_faces: "states", a_change_is_refused_that_is_allowed: "states",
    a_notification_has_no_end: "messages", a_notification_has_two_ends: "messages", nobody_took_what_was_sent: "messages",
    a_message_is_taken_twice: "messages", a_dead_letter_is_missing: "letters", a_dead_letter_holds_something_else: "letters", a_good_record_has_a_dead_letter: "letters",
    the_audit_is_broken: "audit", a_lane_owes_answers: "audit", a_log_shows_an_otp: "secrecy", a_log_shows_a_seed: "secrecy",
    an_event_shows_a_contact: "secrecy", a_metric_shows_a_contact: "secrecy", the_dump_shows_a_seed: "secrecy",
    the_dump_shows_an_otp: "secrecy",
}
