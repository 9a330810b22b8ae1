"""Order: effects and first answers of a user's commands come as the commands lie in the log, and what was answered before
another command was written had its effect before it. After an answered change no later verification uses the old state."""

from collections import defaultdict

from finding import Finding

NAME = "order"
CLOSING = {"token.disable", "token.delete", "token.unassign", "token.compromise"}


def rule(book) -> list[Finding]:
    findings = []
    lanes = defaultdict(list)
    for command in book.commands:
        if command.executed and command.answers:
            record = command.executed
            lanes[record.topic, record.partition].append((record.offset, command))
    for lane, commands in lanes.items():
        commands.sort(key=lambda pair: pair[0])
        findings += _effects(lane, [command for _, command in commands])
        users = defaultdict(list)
        for _, command in commands:
            users[command.user].append(command)
        for user, mine in users.items():
            findings += _answers(user, mine)
    return findings + _real_time(book) + _old_state(book)


def _effects(lane, commands) -> list[Finding]:
    """In a lane all effects come in the order of the log."""
    places = [(command.stored["batch_seq"], command.stored["position"]) for command in commands]
    return [Finding(NAME, f"{later}: had its effect before {earlier}, which lies before it in {lane}")
            for earlier, later, a, b in zip(commands, commands[1:], places, places[1:]) if b < a]


def _answers(user: str, commands) -> list[Finding]:
    # A copy in another partition has a lane of its own, and may be answered there before what lies before it here.
    commands = [command for command in commands if len({copy.partition for copy in command.copies}) == 1]
    first = [min((answer.partition, answer.offset) for answer in command.answers) for command in commands]
    return [Finding(NAME, f"{later}: answered before {earlier} of the same user and topic")
            for earlier, later, a, b in zip(commands, commands[1:], first, first[1:]) if b < a]


def _real_time(book) -> list[Finding]:
    """Who was answered before another's first copy was written came first; this is what makes the inbox's order believable."""
    findings = []
    users = defaultdict(list)
    for command in book.commands:
        if command.stored and command.answers and command.written:
            users[command.user].append(command)
    for commands in users.values():
        by_answer = sorted(commands, key=lambda command: min(answer.place for answer in command.answers))
        latest, position = None, 0
        for command in sorted(commands, key=lambda command: command.written.seen):
            while position < len(by_answer) and min(a.place for a in by_answer[position].answers) < command.written.seen:
                if latest is None or by_answer[position].order > latest.order:
                    latest = by_answer[position]
                position += 1
            if latest is not None and latest is not command and latest.order > command.order:
                findings.append(Finding(NAME, f"{command}: had its effect before {latest}, whose answer was read before it was written"))
    return findings


def _old_state(book) -> list[Finding]:
    """No verification is good that was written after the answer to what ended its token, unless it was enabled or handed
    out again since; nor one with a challenge from before its address was changed."""
    findings = []
    closed, opened, requested, moved = defaultdict(list), defaultdict(list), {}, defaultdict(list)
    for command in book.commands:
        if command.code != "ok" or not command.answers:
            continue
        result = command.reply["result"]
        token = result.get("tokenId") or result.get("token", {}).get("tokenId")
        read = min(answer.place for answer in command.answers)
        if command.type in CLOSING and not result.get("unchanged"):
            closed[token].append((read, command))
        elif command.type in ("token.enable", "token.enroll"):
            opened[token].append(command.order)
        elif command.type == "otp.request" and not result["resend"]:
            requested[result["challengeId"]] = command
        elif command.type == "token.edit" and {"phone", "email"} & command.data.keys() and any(
                event.type == "token.edited" for event in command.events):
            moved[token].append((read, command))
    for command in book.commands:
        if command.type != "otp.verify" or command.code != "ok" or not command.written:
            continue
        token = command.reply["result"]["tokenId"]
        for read, change in closed[token]:
            since = any(change.order < order < command.order for order in opened[token])
            if read < command.written.seen and not since:
                findings.append(Finding(NAME, f"{command}: accepted, though {change} was answered before", "double"))
        request = requested.get(command.data.get("challengeId"))
        for read, change in moved[token] if request else ():
            if read < command.written.seen and request.order < change.order:
                findings.append(Finding(NAME, f"{command}: accepted, though {change} had moved the address", "double"))
    return findings
