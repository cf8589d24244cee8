"""Any process of a node, main included, is killed at random moments while RELP and bulk senders send numbered records and send
again what was not acknowledged. At the end every acknowledged record is there, what is there twice is marked, and the chain
is good. COLOA_KILLS: how many kills (20); COLOA_SEED: the same moments and victims again."""
import os
import pathlib
import random
import re
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "scenario"))
# pylint: disable=wrong-import-position
from node_world import Node, Relp, bulk, kill
from tap import run

KILLS = int(os.environ.get("COLOA_KILLS", "20"))
SEED = int(os.environ.get("COLOA_SEED", "0")) or random.randrange(1, 1 << 31)
RECORD = re.compile(r"(relp|bulk)(\d+)number(\d+)\b")
GAP = 0.003  # seconds between a sender's batches, so that the store stays small over 500 kills


class Sender(threading.Thread):
    """Sends records in order; what a broken connection left unanswered is sent again, unchanged."""
    def __init__(self, node, kind, index):
        super().__init__(daemon=True)
        self.node, self.name_, self.kind, self.next = node, f"{kind}{index}", kind, 0
        self.acked, self.pending, self.stopping, self.again, self.error = set(), [], False, 0, None

    def record(self, i) -> bytes:
        text = b"word=%snumber%d filler=%s" % (self.name_.encode(), i, b"x" * (i * 37 % 300))
        return b"<13>Nov 23 05:00:00 host app: " + text if self.kind == "relp" else b'{"message":"%s"}' % text

    def more(self):
        while len(self.pending) < 40 and not self.stopping:
            self.pending.append(self.next)
            self.next += 1

    def take(self, keys):
        self.acked.update(keys)
        gone = set(keys)
        self.pending = [i for i in self.pending if i not in gone]

    def by_relp(self):
        relp = Relp(self.node.port["relp"])
        try:
            while not (self.stopping and not self.pending):
                self.more()
                relp.send((i, self.record(i)) for i in self.pending)
                while relp.open:
                    self.take(relp.take(1))
                time.sleep(GAP)
        finally:
            relp.close()

    def by_bulk(self):
        while not (self.stopping and not self.pending):
            self.more()
            self.take(bulk(self.node.port["bulk"], [(i, b"%s-%d" % (self.name_.encode(), i), self.record(i))
                                                    for i in self.pending], timeout=60))
            time.sleep(GAP)

    def run(self):
        while not (self.stopping and not self.pending):
            try:
                (self.by_relp if self.kind == "relp" else self.by_bulk)()
            except Exception as e:  # pylint: disable=broad-except
                self.again += 1
                self.error = e
                time.sleep(0.05)


def check(node, senders, what, final=False):
    """Nothing acknowledged is missing, nothing unmarked is there twice, numbers are each one's own."""
    acked = {s.name_: set(s.acked) for s in senders}  # before the search: what comes later may be missed
    marked = {r["event.sequence"] for r in node.search("flag:duplicate")}
    seen, sequences, twice = {s.name_: set() for s in senders}, set(), 0
    for r in sorted(node.search("number*"), key=lambda r: r["event.sequence"]) if final else node.search("number*"):
        assert r["event.sequence"] not in sequences, (what, "a number twice", r)
        sequences.add(r["event.sequence"])
        m = RECORD.search(r["event.original"])
        name, i = m[1] + m[2], int(m[3])
        if i in seen[name] and final:
            assert r["event.sequence"] in marked, (what, "twice and not marked", r)
            twice += 1
        seen[name].add(i)
    for name, keys in acked.items():
        assert not keys - seen[name], (what, "acknowledged and lost", name, sorted(keys - seen[name])[:10])
    return sum(map(len, acked.values())), twice


def any_process_at_any_moment(folder):
    print(f"# seed {SEED}")
    rng, killed = random.Random(SEED), {}
    node = Node(folder, listeners={"relp": "relp", "bulk": "bulk"})
    node.start()
    senders = [Sender(node, kind, i) for kind in ("relp", "bulk") for i in range(2)]
    for s in senders:
        s.start()
    for k in range(KILLS):
        time.sleep(rng.random() * 0.4)
        victims = {n: p for n, p in node.pids().items() if p > 0}
        name = rng.choice(sorted(victims) + ["main"])
        if name == "main":
            node.kill()
            node.start()
        elif not kill(victims[name], node.program):
            continue
        killed[name] = killed.get(name, 0) + 1
        if k % 50 == 49:
            print(f"# after {k + 1} kills: {check(node, senders, k)[0]} acknowledged, all there", flush=True)
    for s in senders:
        s.stopping = True
    for s in senders:
        s.join(90)
        assert not s.is_alive(), (s.name_, s.pending[:5], s.error, node.said()[-2000:])
    acked, twice = check(node, senders, "at the end", final=True)
    durable = node.status()["durable"]
    node.wait_for(lambda: node.status().get("judged") == durable, 60, "for judging to catch up")
    node.stop()
    node.verify()
    print(f"# {sum(killed.values())} kills {killed}; {acked} acknowledged, {sum(s.again for s in senders)} connections broken, "
          f"{twice} sent twice and marked")


if __name__ == "__main__":
    run(any_process_at_any_moment)
