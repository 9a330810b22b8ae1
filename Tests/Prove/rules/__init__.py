"""Each rule in a file of its own: a function from the book to what it found."""

from rules import answers, audit, counts, effects, letters, log, messages, order, replayed, secrecy, states, values

MODULES = (log, answers, effects, order, replayed, values, counts, states, messages, letters, audit, secrecy)
RULES = {module.NAME: module.rule for module in MODULES}
