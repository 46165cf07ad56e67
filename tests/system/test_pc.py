"""`platform: pc`: the 8259 pair by guests/pic, which drives its own lines through a second domain,
and the ports that end a guest."""
from machine import BOOT

PIC = """
  - name: wires
    type: service
    image: {build}/guests/pic.elf
    memory: 2M
    cmdline: wires
  - name: pic
    type: native
    platform: pc
    image: {build}/guests/pic.elf
    memory: 2M
"""


def test_the_8259s_do_what_the_data_sheet_says(boot):
    m = boot([PIC])
    m.expect(r"pic: (\d+) checks, (\d+) wrong", timeout=BOOT)
    wrong = [line for line in m.seen().splitlines() if "WRONG" in line]
    assert not wrong
    m.expect("pic: exit with status 85")
    assert m.end() == 0
