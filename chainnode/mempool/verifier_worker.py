"""The process behind ``ProcessVerifier``: reads records, answers verdicts.

Reads ``count (4 bytes, big-endian) || count x 128 bytes`` from standard input and
writes ``count`` bytes, until its input closes: it cannot outlive its node.
"""

import signal
import struct
import sys

from chainnode.mempool.verifier import BATCH_RECORDS_MAX, RECORD_BYTES, check_records


def main() -> None:
    """Serve until standard input ends."""
    # A Ctrl-C in a terminal reaches the whole group; the node decides when we end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    while len(head := source.read(4)) == 4:
        count = int(struct.unpack(">I", head)[0])
        if count > BATCH_RECORDS_MAX:
            sys.exit(2)
        records = source.read(count * RECORD_BYTES)
        if len(records) < count * RECORD_BYTES:
            return
        sink.write(check_records(records))
        sink.flush()


if __name__ == "__main__":
    main()
