"""What a rule has to say."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    rule: str
    text: str
    kind: str = "other"
    """`double`, `loss`, or `other`."""

    def __str__(self) -> str:
        return f"{self.rule}: {self.text}"
