"""The node's ingest over HTTP: Elasticsearch's bulk API and OTLP, with a test that plays main."""
import base64
import collections
import gzip
import http.client
import json
import os
import signal
import socket
import struct
import threading
import time

from node_world import Relp
from play_main import BULK, CONVERTED, DUPLICATE, OTLP, RELP, TOKEN, TOKENS, Main
from tap import PROGRAM, run

JSON = {"Content-Type": "application/json"}


def local(main, **more):
    main.source(1, "here", ["127.0.0.0/8"], **more)
    return main


def ask(port, method, path, body=None, headers=None, conn=None):
    c = conn or http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    c.request(method, path, body=body, headers=headers or JSON)
    r = c.getresponse()
    data = r.read()
    if not conn:
        c.close()
    return r.status, r.headers, json.loads(data) if data and r.headers["Content-Type"] == "application/json" else data


def bulk_body(n, size=0):
    return b"".join(b'{"create":{}}\n{"n":%d,"x":"%s"}\n' % (i, b"y" * size) for i in range(n))


def what_senders_ask_first(_folder):
    main = local(Main(PROGRAM))
    port = main.listen(1, BULK)
    with main:
        status, headers, body = ask(port, "GET", "/")
        assert status == 200 and headers["X-Elastic-Product"] == "Elasticsearch" and body["version"]["number"] >= "8."
        assert ask(port, "HEAD", "/")[0] == 200
        assert ask(port, "GET", "/_license?human=false")[2]["license"]["status"] == "active"
        assert ask(port, "GET", "/_cluster/health")[2]["status"] == "green"
        assert ask(port, "GET", "/_index_template/logs")[0] == 404
        assert ask(port, "PUT", "/_index_template/logs", b'{"index_patterns":["logs-*"]}')[2] == {"acknowledged": True}
        assert ask(port, "GET", "/other")[0] == 404
        assert ask(port, "DELETE", "/_bulk")[0] == 405


def items_are_answered_one_by_one(_folder):
    main = local(Main(PROGRAM))
    port = main.listen(1, BULK)
    body = (b'{"create":{"_index":"a"}}\n{"n":1}\n{"update":{"_id":"2"}}\n{"doc":{}}\n{"index":{"_id":"x\\"7"}}\n{"n":3}\n'
            b'{"delete":{"_id":"4"}}\n{"create":{}}\nnot json\n{"create":{}}\n{"long":"' + b"z" * (256 << 10) + b'"}\n'
            b'{"create":{}}\n{"n":7}\n')
    with main:
        for headers, sent in ((JSON, body), (JSON | {"Content-Encoding": "gzip"}, gzip.compress(body))):
            status, _, answer = ask(port, "POST", "/logs/_bulk", sent, headers)
            assert status == 200 and answer["errors"] is True, answer
            items = [next(iter(i.items())) for i in answer["items"]]
            assert [(a, i["status"]) for a, i in items] == [
                ("create", 201), ("update", 400), ("index", 201), ("delete", 400), ("create", 400), ("create", 413),
                ("create", 201)], items
            assert items[0][1]["_index"] == "a" and items[1][1]["_index"] == "logs" and items[2][1]["_id"] == 'x"7'
            assert items[1][1]["error"]["type"] == "illegal_argument_exception"
        got = main.wait(6)
        assert [r.data for r in got] == [b'{"n":1}', b'{"n":3}', b'{"n":7}'] * 2
        assert [r.format for r in got] == ["json"] * 6 and [r.flags for r in got] == [0] * 3 + [DUPLICATE] * 3
        assert main.source_counters("here")["refused"] == 8
        status, _, answer = ask(port, "POST", "/_bulk?filter_path=errors,items.*.error,items.*.status", bulk_body(2))
        assert answer["items"] == [{"create": {"status": 201}}] * 2 and answer["errors"] is False


def an_id_that_recurs_is_marked(_folder):
    main = local(Main(PROGRAM))
    port = main.listen(1, BULK)
    with main:
        ask(port, "POST", "/_bulk", b'{"create":{"_id":"1"}}\n{"a":1}\n{"create":{"_id":"1"}}\n{"a":2}\n'
            b'{"create":{"_id":"2"}}\n{"a":3}\n')
        assert [r.flags for r in main.wait(3)] == [0, DUPLICATE, 0]


def answered_when_durable(_folder):
    main = local(Main(PROGRAM, durable=False))
    port = main.listen(1, BULK)
    got = []
    with main:
        t = threading.Thread(target=lambda: got.append(ask(port, "POST", "/_bulk", bulk_body(3))))
        t.start()
        main.wait(3)
        time.sleep(0.3)
        assert not got and main.counters()["http_requests"] == 1
        main.make_durable()
        t.join(10)
        assert got and got[0][0] == 200 and len(got[0][2]["items"]) == 3


def slots_that_are_missing_slow_it_down(_folder):
    main = local(Main(PROGRAM, slots=1, durable=False, keep=False))
    port = main.listen(1, BULK)
    got = []
    with main:
        ts = [threading.Thread(target=lambda g=g: got.append(ask(
            port, "POST", "/_bulk", gzip.compress(bulk_body(3000, 500)) if g else bulk_body(3000, 500),
            JSON | ({"Content-Encoding": "gzip"} if g else {})))) for g in (0, 1, 0, 1)]
        for t in ts:
            t.start()
        end = time.monotonic() + 30
        while any(t.is_alive() for t in ts) and time.monotonic() < end:
            time.sleep(0.01)
            main.make_durable()
        assert [(g[0], len(g[2]["items"])) for g in got] == [(200, 3000)] * 4, [g[0] for g in got]
        assert main.count == 12000 and main.counters()["stalls"] > 3, main.counters()


def bad_requests(_folder):
    main = local(Main(PROGRAM))
    port = main.listen(1, BULK, request_max=1 << 20)
    with main:
        assert ask(port, "POST", "/_bulk", b"hello\n")[0] == 400
        status, _, answer = ask(port, "POST", "/_bulk", b'{"create":{}}\n{"kept":1}\nhello\n')
        assert status == 400 and "not a JSON object" in answer["error"]["reason"]
        assert main.wait(1)[0].data == b'{"kept":1}'
        assert ask(port, "POST", "/_bulk", b"")[0] == 400
        assert ask(port, "POST", "/_bulk", b"\x1f\x8bbroken", JSON | {"Content-Encoding": "gzip"})[0] == 400
        assert ask(port, "POST", "/_bulk", gzip.compress(bulk_body(5))[:-9], JSON | {"Content-Encoding": "gzip"})[0] == 400
        assert ask(port, "POST", "/_bulk", b"x", JSON | {"Content-Encoding": "br"})[0] == 415
        bomb = gzip.compress(b'{"create":{}}\n{"a":"' + b"0" * (200 << 20))
        status, _, answer = ask(port, "POST", "/_bulk", bomb, JSON | {"Content-Encoding": "gzip"})
        assert status == 413, answer
        try:
            assert ask(port, "POST", "/_bulk", b"x" * (3 << 20))[0] == 413
        except (ConnectionError, socket.timeout):
            pass  # it closes while we still send
        time.sleep(1.1)
        assert main.counters()["http_refused"] >= 7 and main.counters()["memory_bytes" if False else "memory"] < 1 << 20


def what_is_no_http_is_told(_folder):
    """What the library refuses by itself is counted and said too: once, with who it was."""
    main = local(Main(PROGRAM))
    port = main.listen(1, BULK)
    head = b"POST /_bulk HTTP/1.1\r\nHost: x\r\n"

    def raw(data, wait=True):
        with socket.create_connection(("127.0.0.1", port), timeout=20) as s:
            s.sendall(data)
            if wait:
                return s.recv(100)[:12]
            time.sleep(0.3)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # it is gone, not done
            return b""

    def told(reason, n):
        main.wait_for(lambda: main.counters()["closed_framing"] == n)
        main.wait_for(lambda: any(reason in text and "peer=127.0.0.1" in text and "listener=" in text for _, _, text in main.notes))
    with main:
        assert raw(b"GARBAGE\r\n\r\n") in (b"", b"HTTP/1.1 400"), main.notes
        told("no HTTP request that can be read", 1)
        assert raw(b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 70000 + b"\r\n\r\n") == b"HTTP/1.1 431"
        told("no HTTP request that can be read", 2)
        assert raw(head + b"Transfer-Encoding: chunked\r\n\r\nZZZ\r\n") == b"HTTP/1.1 400"
        told("a request broke off, or its body is malformed", 3)
        raw(head + b'Content-Length: 9999\r\n\r\n{"create":{}}\n', wait=False)  # it says more than it sends
        told("a request broke off, or its body is malformed", 4)
        assert ask(port, "POST", "/_bulk", bulk_body(3))[0] == 200 and main.counters()["closed_framing"] == 4
        # A connection that asked, and is let go, is nothing to speak of.
        time.sleep(0.3)
        assert main.counters()["closed_framing"] == 4 and main.count == 3


MIB = 1 << 20


def at_once(main, port, path, bodies, headers):
    """Whole requests that lie there before the process reads one; an iterator over their answers, from another thread each."""
    conns = [socket.create_connection(("127.0.0.1", port), timeout=120) for _ in bodies]
    os.kill(main.pid, signal.SIGSTOP)
    for c, body in zip(conns, bodies):
        c.sendall(b"POST %s HTTP/1.1\r\nHost: x\r\n%s\r\nContent-Length: %d\r\n\r\n%s" % (path, headers, len(body), body))
    return conns


def answers(main, conns):
    os.kill(main.pid, signal.SIGCONT)
    out = []
    for c in conns:
        r = http.client.HTTPResponse(c)
        r.begin()
        out.append((r.status, json.loads(r.read())))
        c.close()
    return out


def most_of_one_round(records):
    """Records that came in one round of ingest have one time."""
    return max(collections.Counter(r.received for r in records).values())


def bombs_take_turns(_folder):
    """Each record that is kept stands for a MiB that was unpacked: neither many in one round, nor many before others."""
    main = local(Main(PROGRAM))
    port, relp_port = main.listen(1, BULK, request_max=64 * MIB), main.listen(2, RELP)
    bomb = gzip.compress(b"".join(b'{"create":{}}\n{"a":"%s"}\n{"create":{}}\n{"n":%d}\n' % (b"0" * MIB, i) for i in range(40)), 9)
    assert len(bomb) < 60 << 10
    with main:
        relp = Relp(relp_port)
        conns = at_once(main, port, b"/_bulk", [bomb] * 6, b"Content-Type: application/json\r\nContent-Encoding: gzip")
        relp.send([("k", b"<13>app: others are served")])
        got = answers(main, conns)
        assert relp.take(1) == ["k"]
        for status, answer in got:
            assert status == 200 and [i["create"]["status"] for i in answer["items"]] == [413, 201] * 40, (status, answer)
        records = main.wait(241)
        first = next(i for i, r in enumerate(records) if b"others" in r.data)
        most = most_of_one_round(records)
        print(f"# at most {most} MiB unpacked in one round, {first} before a record that lay there with them")
        assert most <= 5 and first <= 10, (most, first)
        main.wait_for(lambda: main.counters()["memory"] < MIB)
        relp.close()


def records_that_share_much_take_turns(_folder):
    """What a resource says stands in each of its records: a small request that becomes gigabytes."""
    main = local(Main(PROGRAM))
    port, relp_port = main.listen(1, OTLP), main.listen(2, RELP)
    bomb = gzip.compress(otlp_as_json([dict(RECORDS[1], body="b")] * 20000, {"shared": "s" * 100000}))
    with main:
        relp = Relp(relp_port)
        conns = at_once(main, port, b"/v1/logs", [bomb] * 3, b"Content-Type: application/json\r\nContent-Encoding: gzip")
        relp.send([("k", b"<13>app: others are served")])
        got = answers(main, conns)
        assert relp.take(1) == ["k"]
        assert [status for status, _ in got] == [413] * 3 and "share" in got[0][1]["message"], got
        main.wait_for(lambda: main.counters()["records"] == main.count)
        records = main.records
        big = sum(len(r.data) for r in records)
        first = next(i for i, r in enumerate(records) if b"others" in r.data)
        most = most_of_one_round(records)
        print(f"# {big >> 20} MiB of records, at most {most} of 100 KB in one round, {first} before a record that lay there")
        assert most <= 45 and first <= 90 and big < 3 * 68 * MIB, (most, first, big)
        assert ask(port, "POST", "/v1/logs", otlp_as_json(RECORDS, RESOURCE))[0] == 200
        relp.close()


def trees_of_many_at_once(_folder):
    """Requests of many small parts, all at once, with too few slots: memory for one tree or two, all answered."""
    main = local(Main(PROGRAM, slots=2, keep=False))
    port = main.listen(1, OTLP)
    body = b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[' + b"{}," * 190000 + b"{}]}]}]}"
    with main:
        def peak():
            with open(f"/proc/{main.pid}/status", encoding="ascii") as f:
                return next(int(line.split()[1]) >> 10 for line in f if line.startswith("VmHWM"))
        before = peak()
        conns = at_once(main, port, b"/v1/logs", [gzip.compress(body)] * 8,
                        b"Content-Type: application/json\r\nContent-Encoding: gzip")
        assert answers(main, conns) == [(200, {})] * 8
        print(f"# {main.count} records; {before} MB before, at most {peak()} MB")
        assert main.count == 8 * 190001
        if b"__asan_" not in open(PROGRAM, "rb").read():
            assert peak() - before < 150, (before, peak())


def tokens(_folder):
    main = Main(PROGRAM)
    main.source(1, "windows")
    main.source(2, "web")
    main.secret(TOKENS, 1, b"# the collector's\nsecret-1\n")
    main.secret(TOKENS, 2, b"id:key-2\n")
    port = main.listen(1, BULK, flags=TOKEN)
    with main:
        def with_auth(auth):
            return ask(port, "POST", "/_bulk", bulk_body(1), JSON | ({"Authorization": auth} if auth else {}))[0]

        def packed(text):
            return base64.b64encode(text).decode()

        assert with_auth(None) == 401 and with_auth("Bearer wrong") == 401
        assert with_auth("Bearer secret-1") == 200
        assert with_auth("Basic " + packed(b"elastic:secret-1")) == 200
        assert with_auth("ApiKey " + packed(b"id:key-2")) == 200
        assert with_auth("Basic " + packed(b"elastic:secret")) == 401
        assert with_auth("Basic ") == 401 and with_auth("Basic %%%") == 401
        assert [r.source for r in main.wait(3)] == ["windows", "windows", "web"]
        main.secret(TOKENS, 1, b"secret-3", send=True)
        time.sleep(0.1)
        assert with_auth("Bearer secret-1") == 401 and with_auth("Bearer secret-3") == 200
        assert any("no source has this token" in n[2] for n in main.notes)


def a_rate_is_429_per_item(_folder):
    main = local(Main(PROGRAM), records_s=10)
    port = main.listen(1, BULK)
    with main:
        answer = ask(port, "POST", "/_bulk", bulk_body(15))[2]
        states = [i["create"]["status"] for i in answer["items"]]
        assert states == [201] * 10 + [429] * 5 and answer["errors"], states
        assert main.source_counters("here")["limited"] == 5


def slow_and_endless_clients(_folder):
    main = local(Main(PROGRAM))
    port = main.listen(1, BULK, idle_s=1)
    with main:
        loris = socket.create_connection(("127.0.0.1", port))
        loris.sendall(b"POST /_bulk HTTP/1.1\r\n")
        begin = time.monotonic()
        try:
            while time.monotonic() - begin < 10:
                loris.sendall(b"X")
                time.sleep(0.2)
        except OSError:
            pass
        assert time.monotonic() - begin < 6
        endless = socket.create_connection(("127.0.0.1", port))
        try:
            endless.sendall(b"GET /" + b"a" * 1000000)
            assert b" 4" in endless.recv(100)[:20]  # 414 or 431
        except ConnectionError:
            pass
        assert ask(port, "GET", "/")[0] == 200


# ---- OTLP ----

def varint(v):
    out = b""
    while v >= 0x80:
        out += bytes([v & 0x7f | 0x80])
        v >>= 7
    return out + bytes([v])


def field(number, value):
    if isinstance(value, bytes):
        return varint(number << 3 | 2) + varint(len(value)) + value
    return varint(number << 3) + varint(value & (1 << 64) - 1)


def any_value(v):
    if isinstance(v, bool):
        return field(2, int(v))
    if isinstance(v, str):
        return field(1, v.encode())
    if isinstance(v, int):
        return field(3, v)
    if isinstance(v, float):
        return varint(4 << 3 | 1) + struct.pack("<d", v)
    if isinstance(v, bytes):
        return field(7, v)
    if isinstance(v, list):
        return field(5, b"".join(field(1, any_value(x)) for x in v))
    return field(6, b"".join(field(1, pair(k, x)) for k, x in v.items()))


def pair(key, v):
    return field(1, key.encode()) + field(2, any_value(v))


def otlp_request(records, resource):
    logs = b"".join(field(2, varint(1 << 3 | 1) + struct.pack("<Q", r["time"]) + field(2, r["number"]) +
                          field(3, r["severity"].encode()) + field(5, any_value(r["body"])) +
                          b"".join(field(6, pair(k, v)) for k, v in r["attributes"].items()) + field(9, b"\xab" * 16))
                    for r in records)
    scope = field(1, b"lib") + field(2, b"1.2")
    # The resource comes last: allowed by protobuf.
    return field(1, field(2, field(1, scope) + logs) + field(1, b"".join(field(1, pair(k, v)) for k, v in resource.items())))


def json_value(v):
    if isinstance(v, bool):
        return {"boolValue": v}
    if isinstance(v, str):
        return {"stringValue": v}
    if isinstance(v, int):
        return {"intValue": str(v)}
    if isinstance(v, float):
        return {"doubleValue": v}
    if isinstance(v, bytes):
        return {"bytesValue": base64.b64encode(v).decode()}
    if isinstance(v, list):
        return {"arrayValue": {"values": [json_value(x) for x in v]}}
    return {"kvlistValue": {"values": [{"key": k, "value": json_value(x)} for k, x in v.items()]}}


def otlp_as_json(records, resource):
    def pairs(d):
        return [{"key": k, "value": json_value(v)} for k, v in d.items()]
    return json.dumps({"resourceLogs": [{"resource": {"attributes": pairs(resource)}, "scopeLogs": [{
        "scope": {"name": "lib", "version": "1.2"}, "logRecords": [{
            "timeUnixNano": str(r["time"]), "severityNumber": r["number"], "severityText": r["severity"],
            "body": json_value(r["body"]), "attributes": pairs(r["attributes"]), "traceId": "ab" * 16}
            for r in records]}]}]}).encode()


RECORDS = [{"time": 1700000000123456789, "number": 17, "severity": "ERROR", "body": "it \"broke\"\n",
            "attributes": {"CommandLine": "whoami /all", "n": -5, "f": 1.5, "ok": True, "body": "mine",
                           "list": ["a", 1, [False]], "raw": b"\x00\xff"}},
           {"time": 1700000001000000000, "number": 9, "severity": "INFO", "body": {"a": {"b": 1}}, "attributes": {}}]
RESOURCE = {"service.name": "shop", "host.name": "web-01"}
WANT = [{"timestamp": "2023-11-14T22:13:20.123456789Z", "severity": "ERROR", "severity_number": 17, "body": "it \"broke\"\n",
         "CommandLine": "whoami /all", "n": -5, "f": 1.5, "ok": True, "attributes.body": "mine", "list": ["a", 1, [False]],
         "raw": "AP8=", "resource.service.name": "shop", "resource.host.name": "web-01", "scope.name": "lib",
         "scope.version": "1.2", "trace_id": "ab" * 16},
        {"timestamp": "2023-11-14T22:13:21.000000000Z", "severity": "INFO", "severity_number": 9, "body": {"a": {"b": 1}},
         "resource.service.name": "shop", "resource.host.name": "web-01", "scope.name": "lib", "scope.version": "1.2",
         "trace_id": "ab" * 16}]


def otlp_in_both_encodings(_folder):
    main = local(Main(PROGRAM))
    port = main.listen(1, OTLP)
    proto = {"Content-Type": "application/x-protobuf"}
    with main:
        status, headers, body = ask(port, "POST", "/v1/logs", otlp_request(RECORDS, RESOURCE), proto)
        assert status == 200 and body == b"" and headers["Content-Type"] == "application/x-protobuf"
        status, _, body = ask(port, "POST", "/v1/logs", gzip.compress(otlp_as_json(RECORDS, RESOURCE)),
                              JSON | {"Content-Encoding": "gzip"})
        assert status == 200 and body == {}, body
        got = main.wait(4)
        assert [json.loads(r.data) for r in got] == WANT * 2, [r.data for r in got]
        assert all(r.flags & CONVERTED and r.format == "json" for r in got)


def bad_otlp(_folder):
    main = local(Main(PROGRAM), records_s=5)
    port = main.listen(1, OTLP)
    proto = {"Content-Type": "application/x-protobuf"}
    with main:
        whole = otlp_request(RECORDS, RESOURCE)
        assert ask(port, "POST", "/v1/logs", whole[:-3], proto)[0] == 400
        assert ask(port, "POST", "/v1/logs", b"\xff" * 50, proto)[0] == 400
        assert ask(port, "POST", "/v1/logs", b"{]")[0] == 400
        assert ask(port, "POST", "/v1/logs", b'{"resourceLogs":7}')[0] == 400
        assert ask(port, "POST", "/v1/logs", b"[" * 300000)[0] == 400
        assert ask(port, "POST", "/v1/logs", b"x", {"Content-Type": "text/plain"})[0] == 415
        assert ask(port, "GET", "/v1/logs")[0] == 405 and ask(port, "POST", "/v1/traces", b"")[0] == 404
        assert main.count == 0
        long = [dict(RECORDS[1], body="x" * 300000), RECORDS[1]]
        status, _, body = ask(port, "POST", "/v1/logs", otlp_as_json(long, RESOURCE))
        assert status == 200 and body["partialSuccess"]["rejectedLogRecords"] == "1", body
        assert ask(port, "POST", "/v1/logs", otlp_as_json([RECORDS[1]] * 20, RESOURCE))[0] == 200
        status, headers, _ = ask(port, "POST", "/v1/logs", whole, proto)
        assert status == 429 and headers["Retry-After"] == "1"


if __name__ == "__main__":
    run(what_senders_ask_first, items_are_answered_one_by_one, an_id_that_recurs_is_marked, answered_when_durable,
        slots_that_are_missing_slow_it_down, bad_requests, what_is_no_http_is_told, bombs_take_turns,
        records_that_share_much_take_turns, trees_of_many_at_once, tokens, a_rate_is_429_per_item, slow_and_endless_clients,
        otlp_in_both_encodings, bad_otlp)
