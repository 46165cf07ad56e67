"""What a guest says of its blocks, kept outside of it: guests/disktest/ledger.h. A block's generation
only grows, so that lost, repeated and foreign writes are told apart."""
import re
import struct

BLOCK = 4096
MAGIC = 0x4b4c425453455444
MASK = (1 << 64) - 1
LINE = re.compile(r"^(\w+): (wrote|found|holds)((?: [0-9a-f]+:[0-9a-f]+)+) =([0-9a-f]+)$")


def whole(line):
    """The match of a line of which nothing is missing, or None."""
    found = LINE.match(line)
    if not found:
        return None
    numbers = [int(n, 16) for pair in found[3].split() for n in pair.split(":")]
    return found if sum(numbers) & MASK == int(found[4], 16) else None


def block_bytes(block, generation):
    """guests/disktest/pattern.c: what such a block is made of."""
    state = ((block + 1) * 0x9e3779b97f4a7c15 & MASK) ^ (generation * 0xbf58476d1ce4e5b9 & MASK)
    state = (state ^ MAGIC) | 1
    words = [MAGIC, block, generation]
    while len(words) < BLOCK // 8:
        state ^= state << 13 & MASK
        state ^= state >> 7
        state ^= state << 17 & MASK
        words.append(state)
    return struct.pack("<512Q", *words)


class Ledger:
    """One guest's blocks."""

    def __init__(self):
        self.wrote, self.holds = {}, {}
        self.lines = 0

    def hear(self, what, pairs):
        """A line of the guest; what is wrong with it, or None."""
        self.lines += 1
        for pair in pairs.split():
            block, generation = (int(n, 16) for n in pair.split(":"))
            known = self.wrote.get(block, 0)
            if what == "wrote":
                self.wrote[block] = max(known, generation)
            elif generation < known:
                return (f"block {block}: generation {known:#x} was acknowledged, "
                        f"{generation:#x} is there: lost, or an older one came over it")
            else:
                self.wrote[block] = generation
                if what == "holds":
                    self.holds[block] = generation
        return None

    def compare(self, path, offset):
        """The image against what the guest says that it holds; what is wrong, or None."""
        with open(path, "rb") as f:
            f.seek(offset)
            for block in range(max(self.holds, default=-1) + 1):
                got, wanted = f.read(BLOCK), self.holds.get(block)
                if wanted is None or got == block_bytes(block, wanted):
                    continue
                magic, number, generation = struct.unpack_from("<3Q", got)
                if magic != MAGIC or number != block or got != block_bytes(block, generation):
                    return f"{path}: block {block} holds foreign bytes, not generation {wanted:#x}"
                return f"{path}: block {block} holds generation {generation:#x}, not {wanted:#x}"
        return None
