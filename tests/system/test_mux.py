"""The terminal that all domains share."""
from machine import BOOT, SERVICE, hello


def test_who_talks_faster_than_the_terminal_does_not_silence_others(boot):
    m = boot([SERVICE, hello("loud", "lines=1000000000"), hello("quiet", "forever")])
    m.expect(r"\[loud\] loud: line \d+", timeout=BOOT)
    m.expect(r"\[quiet\] quiet: beat 3")
    m.expect(r"\[loud\] loud: line \d+")
