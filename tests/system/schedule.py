"""The order of the system tests: long ones first, and each to whichever worker is free, so that all
workers end at about the same time."""
from xdist.scheduler import LoadScheduling

# Without a mark of its own a test takes about so long.
USUAL = {"bochs": 20, "qemu": 8, None: 2}


def seconds(item):
    """What a test takes about."""
    mark = item.get_closest_marker("seconds")
    emulator = item.callspec.params.get("emulator") if hasattr(item, "callspec") else None
    if item.get_closest_marker("skip"):
        return 0
    usual = USUAL[emulator]
    return mark.args[0] * usual / USUAL["qemu"] if mark else usual


class OneByOne(LoadScheduling):
    """A worker has the test that it runs and the next one; all others wait for whoever is first."""

    def schedule(self):
        if self.collection is None and self._check_nodes_have_same_collection():
            self.collection = list(self.node2collection.values())[0]
            self.pending[:] = range(len(self.collection))
        for _ in range(2):
            for node in self.nodes:
                self.check_schedule(node)

    def check_schedule(self, node, duration=0):
        if node.shutting_down:
            return
        if self.pending and len(self.node2pending[node]) < 2:
            self._send_tests(node, 1)
        if not self.pending:
            node.shutdown()
