"""How long commands waited, in each phase."""

from commands import Command


def answered(commands: list[Command]) -> list[tuple[float, float]]:
    """When each was written, and when its answer was; seconds."""
    return sorted((min(copy.timestamp for copy in command.copies) / 1000,
                   min(answer.timestamp for answer in command.answers) / 1000)
                  for command in commands if command.answers)


def sent(notifications: list, events: list) -> list[tuple[float, float]]:
    """When each message was there to be sent, and when it had been; seconds."""
    ends = {event.data["notificationId"]: event.timestamp for event in reversed(events) if event.type == "notification.sent"}
    return sorted((record.timestamp / 1000, ends[record.data["notificationId"]] / 1000) for record in notifications
                  if record.data["notificationId"] in ends)


def table(times: list[tuple[float, float]], phases: list[tuple[float, str]]) -> list[str]:
    lines = [f"{'phase':38} {'commands':>8} {'p50 ms':>7} {'p99 ms':>7} {'longest':>7} {'pause':>7}"]
    ends = [begin for begin, _ in phases[1:]] + [float("inf")]
    for (begin, name), end in zip(phases, ends):
        waits = sorted(1000 * (answer - written) for written, answer in times if begin <= written < end)
        if waits:
            longest = pause(times, begin, end)
            lines.append(f"{name:38} {len(waits):8} {waits[len(waits) // 2]:7.0f} {waits[len(waits) * 99 // 100]:7.0f} "
                         f"{waits[-1]:7.0f} {longest:7.0f}")
    return lines


def pause(times: list[tuple[float, float]], begin: float, end: float) -> float:
    """The longest time in which commands waited and none was answered, in milliseconds."""
    longest, open_since = 0.0, None
    # Written before answered, where both are in one millisecond.
    moments = sorted([(written, 1) for written, _ in times] + [(answer, -1) for _, answer in times],
                     key=lambda moment: (moment[0], -moment[1]))
    waiting = 0
    for at, change in moments:
        if open_since is not None and begin <= open_since < end and change < 0:
            longest = max(longest, at - open_since)
        waiting += change
        if change < 0:
            open_since = at if waiting > 0 else None
        elif waiting == 1:
            open_since = at
    return 1000 * longest


def across(commands: list[Command], phases: list[tuple[float, str]]) -> tuple[int, int]:
    """How many OTPs that were sent were accepted, and how many of them in a later phase than they were asked for."""
    asked = {command.reply["result"]["challengeId"]: command.answers[0].timestamp / 1000
             for command in commands if command.type == "otp.request" and command.code == "ok"}
    begins = [begin for begin, _ in phases]
    accepted = [(asked[command.data["challengeId"]], command.answers[0].timestamp / 1000) for command in commands
                if command.type == "otp.verify" and command.code == "ok" and command.data.get("challengeId") in asked]
    return len(accepted), sum(any(sent < begin <= verified for begin in begins) for sent, verified in accepted)
