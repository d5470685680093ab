"""What confluent-kafka (librdkafka) sees of a server.

    kafka_clients.py BOOTSTRAP SCENARIO [ARGUMENT ...]

Each scenario is a function below. It prints what the test should know, and fails by an exception.
"""

import base64
import json
import sys
import threading
import time

from confluent_kafka import (
    TIMESTAMP_CREATE_TIME,
    Consumer,
    KafkaError,
    KafkaException,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic

PATIENCE = 30


def consumer(bootstrap, group="nobody", **more):
    return Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": group,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "session.timeout.ms": 6000,
            **more,
        }
    )


def to_the_end(reader, partitions):
    """Reads until each of so many partitions has said that it ends."""
    found, ended = [], set()
    until = time.monotonic() + PATIENCE
    while len(ended) < partitions:
        assert time.monotonic() < until, f"only {len(found)} records, ends of {ended}"
        message = reader.poll(0.2)
        if message is None:
            continue
        if message.error():
            assert message.error().code() == KafkaError._PARTITION_EOF, message.error()
            ended.add((message.topic(), message.partition()))
            continue
        found.append(message)
    return found


def write(bootstrap, records, **more):
    """Produces (topic, key, value, headers) and gives what each delivery said."""
    delivered = []

    def told(error, message):
        delivered.append((error, message))

    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 5, **more})
    for topic, key, value, headers in records:
        producer.produce(topic, key=key, value=value, headers=headers, on_delivery=told)
    assert producer.flush(PATIENCE) == 0
    return delivered


def tell(bootstrap, topic, partitions, count):
    """What the records of a topic are, from its beginning."""
    reader = consumer(bootstrap)
    reader.assign([TopicPartition(topic, part, 0) for part in range(int(partitions))])
    found = to_the_end(reader, int(partitions))
    assert len(found) == int(count), len(found)
    told = []
    for one in found:
        kind, millis = one.timestamp()
        assert kind == TIMESTAMP_CREATE_TIME, kind
        told.append(
            {
                "offset": one.offset(),
                "key": one.key() and one.key().decode(),
                "timestamp": millis,
                "value": base64.b64encode(one.value()).decode(),
                "headers": [[name, text.decode()] for name, text in one.headers()],
            }
        )
    print(json.dumps(told))
    reader.close()


def read_category(bootstrap, count):
    """A category in its partitions: every event once, each stream in one of them and in order."""
    reader = consumer(bootstrap)
    reader.assign([TopicPartition("shop.account", part, 0) for part in range(8)])
    found = to_the_end(reader, 8)
    assert len(found) == int(count), len(found)
    parts, last = {}, {}
    for one in found:
        assert parts.setdefault(one.key(), one.partition()) == one.partition()
        assert last.get(one.key(), 0) < one.offset()
        last[one.key()] = one.offset()
    assert len(set(parts.values())) > 1, parts
    reader.close()


def read_since(bootstrap, count):
    """By time: what was recorded at the time of a record or later begins there or before it."""
    reader = consumer(bootstrap)
    reader.assign([TopicPartition("shop", 0, 0)])
    found = to_the_end(reader, 1)
    millis = found[-1].timestamp()[1]
    earlier = [one for one in found if one.timestamp()[1] < millis]
    assert len(earlier) == int(count) - 1, "the last one was recorded later"
    for asked, expected in ((millis, int(count)), (earlier[0].timestamp()[1], 1)):
        [place] = reader.offsets_for_times([TopicPartition("shop", 0, asked)], PATIENCE)
        assert place.offset == expected, (asked, place.offset, expected)
    parts = [TopicPartition("shop.account", part, millis) for part in range(8)]
    places = [one.offset for one in reader.offsets_for_times(parts, PATIENCE)]
    assert int(count) in places, places
    assert all(place in (-1, int(count), int(count) + 1) for place in places), places
    print(millis)
    [late] = reader.offsets_for_times([TopicPartition("shop", 0, millis + 10**9)], PATIENCE)
    assert late.offset in (-1, int(count) + 1), late.offset
    assert reader.get_watermark_offsets(TopicPartition("shop", 0)) == (1, int(count) + 1)
    reader.close()


def event_of(message):
    """The message, if it is one: a reader is told of ends, and of nothing else."""
    if message is None:
        return None
    if message.error():
        assert message.error().code() == KafkaError._PARTITION_EOF, message.error()
        return None
    return message


def pass_over(bootstrap):
    """Reads a category in which nothing happens, while much happens elsewhere."""
    reader = consumer(bootstrap, **{"fetch.wait.max.ms": 40})
    reader.assign([TopicPartition("shop.quiet", part, 0) for part in range(8)])
    for number in range(40):
        write(bootstrap, [("shop.loud", f"{number}", "{}", None)])
        assert event_of(reader.poll(0.05)) is None
    write(bootstrap, [("shop.quiet", "1", "{}", None)])
    until = time.monotonic() + PATIENCE
    while event_of(reader.poll(0.2)) is None:
        assert time.monotonic() < until, "the event did not come"
    reader.close()


def wait_for_one(bootstrap):
    """Waits at the end of a category until somebody appends to it."""
    reader = consumer(bootstrap)
    reader.assign([TopicPartition("shop.later", part, 0) for part in range(8)])
    assert to_the_end(reader, 8) == []
    print("waiting", flush=True)
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        message = event_of(reader.poll(0.2))
        if message is not None:
            assert message.key() == b"1" and message.value() == b'{"late":true}'
            reader.close()
            return
    raise AssertionError("the event did not come")


def produce_all(bootstrap):
    """Records with every compression, idempotent and not."""
    for compression in ("none", "gzip", "snappy", "lz4", "zstd"):
        for idempotent in (False, True):
            records = [
                ("shop.account", f"k{n % 7}", json.dumps({"n": n, "pad": "x" * 200}), None)
                for n in range(100)
            ]
            delivered = write(
                bootstrap,
                records,
                **{"compression.type": compression, "enable.idempotence": idempotent},
            )
            assert [error for error, _ in delivered if error] == [], compression
            offsets = sorted(message.offset() for _, message in delivered)
            assert len(set(offsets)) == 100 and offsets[0] > 0
    for acks in ("0", "1"):
        records = [("shop.account", f"a{n % 7}", json.dumps({"n": n}), None) for n in range(100)]
        delivered = write(bootstrap, records, acks=acks)
        assert [error for error, _ in delivered if error] == [], acks
    reader = consumer(bootstrap)
    until = time.monotonic() + PATIENCE  # who asked for no answer does not know when it is written
    while reader.get_watermark_offsets(TopicPartition("shop", 0))[1] != 1_201:
        assert time.monotonic() < until, reader.get_watermark_offsets(TopicPartition("shop", 0))
        time.sleep(0.05)
    reader.close()


def produce_named(bootstrap):
    """An event with everything a record can say, twice: its id makes it one event."""
    headers = [
        ("ce_id", "5c6b1d2e-0000-4000-8000-000000000001"),
        ("ce_type", "AccountOpened"),
        ("ce_time", "2026-11-20T10:00:00Z"),
        ("tag", "customer:7"),
        ("actor", "ada"),
    ]
    places = set()
    for _ in range(2):
        [(error, message)] = write(bootstrap, [("shop", "account/9", "{}", headers)])
        assert error is None, error
        places.add(message.offset())
    assert len(places) == 1, places
    print(places.pop())


def produce_refused(bootstrap):
    """What is no event, is said to be none, and does not stop the producer."""
    cases = [
        ("shop.account", "1", "not json", None),
        ("shop.account", None, "{}", None),
        ("shop", None, "{}", None),
        ("shop", "1", "{}", None),
    ]
    for record in cases:
        [(error, _)] = write(bootstrap, [record])
        codes = (KafkaError.INVALID_RECORD, KafkaError._INVALID_DIFFERENT_RECORD)
        assert error is not None and error.code() in codes, (record, error)
    [(error, _)] = write(bootstrap, [("nowhere", "1", "{}", None)], **{"message.timeout.ms": 3000})
    assert error is not None
    [(error, _)] = write(bootstrap, [("shop.account", "1", "{}", None)])
    assert error is None, error


def no_transactions(bootstrap):
    producer = Producer({"bootstrap.servers": bootstrap, "transactional.id": "t"})
    try:
        producer.init_transactions(10)
    except KafkaException as refused:
        code = refused.args[0].code()
        assert code == KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED, refused
    else:
        raise AssertionError("a transaction began")


def read_by_group(bootstrap, group, limit):
    """Reads so many records as a member of a group, tells the group, and leaves."""
    reader = consumer(bootstrap, group)
    reader.subscribe(["shop.account"])
    keys = []
    until = time.monotonic() + PATIENCE
    while len(keys) < int(limit):
        assert time.monotonic() < until, len(keys)
        message = reader.poll(0.2)
        if message is not None and not message.error():
            keys.append(message.offset())
            reader.commit(message=message, asynchronous=False)
    reader.close()
    print(json.dumps(keys))


def remember(bootstrap, group):
    """What is said with an offset is told again."""
    reader = consumer(bootstrap, group)
    place = TopicPartition("shop.account", 3, 17, "a note")
    reader.commit(offsets=[place], asynchronous=False)
    [kept] = reader.committed([TopicPartition("shop.account", 3)], PATIENCE)
    assert (kept.offset, kept.metadata) == (17, "a note"), kept
    reader.close()


def remembered(bootstrap, group):
    reader = consumer(bootstrap, group)
    [kept] = reader.committed([TopicPartition("shop.account", 3)], PATIENCE)
    assert (kept.offset, kept.metadata) == (17, "a note"), kept
    reader.close()


def administer(bootstrap, group):
    admin = AdminClient({"bootstrap.servers": bootstrap})
    cluster = admin.describe_cluster().result(PATIENCE)
    assert len(cluster.nodes) == 1
    listed = admin.list_consumer_groups().result(PATIENCE)
    assert group in [one.group_id for one in listed.valid], listed.valid
    described = admin.describe_consumer_groups([group])[group].result(PATIENCE)
    assert described.state.name == "EMPTY", described.state
    for topic, future in admin.create_topics([NewTopic("new", 1, 1)]).items():
        refused = future.exception(PATIENCE)
        assert refused.args[0].code() == KafkaError.POLICY_VIOLATION, refused
        assert "database" in refused.args[0].str()
    for topic, future in admin.delete_topics(["shop"]).items():
        refused = future.exception(PATIENCE)
        assert refused.args[0].code() == KafkaError.POLICY_VIOLATION, refused
    resource = ConfigResource(ConfigResource.Type.TOPIC, "shop")
    settings = admin.describe_configs([resource])[resource].result(PATIENCE)
    assert settings["retention.ms"].value == "-1"
    admin.delete_consumer_groups([group])[group].result(PATIENCE)
    listed = admin.list_consumer_groups().result(PATIENCE)
    assert group not in [one.group_id for one in listed.valid]


def produce_across_a_kill(bootstrap, count):
    """An idempotent producer that goes on while the server is killed and comes back."""
    delivered = []

    def told(error, message):
        delivered.append(error)
        if len(delivered) == 100:
            print("begun", flush=True)

    producer = Producer(
        {
            "bootstrap.servers": bootstrap,
            "enable.idempotence": True,
            "linger.ms": 1,
            "batch.num.messages": 10,
            "reconnect.backoff.max.ms": 200,
        }
    )
    for n in range(int(count)):
        producer.produce(
            "shop.account", key=f"k{n % 5}", value=json.dumps({"n": n}), on_delivery=told
        )
        if n % 10 == 0:
            producer.poll(0.005)
    assert producer.flush(PATIENCE) == 0
    assert [error for error in delivered if error] == []
    assert len(delivered) == int(count)


def share(bootstrap, count):
    """Three members join and leave while events are written: each is read, each stream in order."""
    count = int(count)
    lock, seen, first = threading.Lock(), [], {}
    failures = []

    def member(stop):
        reader = consumer(bootstrap, "sharers")
        reader.subscribe(["shop.account"])
        try:
            while not stop.is_set():
                message = reader.poll(0.1)
                if message is None or message.error():
                    continue
                with lock:
                    if message.offset() not in first:
                        first[message.offset()] = message.key()
                        seen.append((message.key(), message.offset()))
                try:
                    reader.commit(message=message, asynchronous=False)
                except KafkaException:
                    pass  # the group shares anew: it comes again
        except Exception as failure:
            failures.append(failure)
        finally:
            reader.close()

    def join():
        stop = threading.Event()
        thread = threading.Thread(target=member, args=(stop,))
        thread.start()
        return stop, thread

    def leave(one):
        one[0].set()
        one[1].join()

    def wait_for(number):
        until = time.monotonic() + 2 * PATIENCE
        while len(seen) < number:
            assert time.monotonic() < until and not failures, (len(seen), failures)
            time.sleep(0.02)

    def records(begin, end):
        return [
            ("shop.account", f"k{n % 40}", json.dumps({"n": n}), None) for n in range(begin, end)
        ]

    members = [join()]
    third = count // 3
    write(bootstrap, records(0, third))
    wait_for(third // 2)
    members.append(join())
    write(bootstrap, records(third, 2 * third))
    members.append(join())
    wait_for(third)
    leave(members.pop(0))
    write(bootstrap, records(2 * third, count))
    wait_for(2 * third)
    leave(members.pop(0))
    wait_for(count)
    leave(members.pop(0))
    assert not failures, failures
    assert len(seen) == count, len(seen)
    last = {}
    for key, offset in seen:
        assert last.get(key, 0) < offset, (key, offset)
        last[key] = offset


def read_anew(bootstrap, count, partitions):
    """Reads by a group while the category gets another number of partitions.

    What is not committed comes again, and nothing is missed: it ends once every event was seen and
    the group has that many partitions.
    """
    count, partitions = int(count), int(partitions)
    assigned, seen, last, told = [], set(), {}, False

    def on_assign(_, parts):
        assigned.append({part.partition for part in parts})

    reader = consumer(bootstrap, "movers", **{"enable.partition.eof": False})
    reader.subscribe(["shop.account"], on_assign=on_assign)
    until = time.monotonic() + 2 * PATIENCE
    while len(seen) < count or assigned[-1] != set(range(partitions)):
        assert time.monotonic() < until, (len(seen), assigned)
        message = reader.poll(0.1)
        if message is None:
            continue
        if message.error():
            moved = (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_PARTITION)
            assert message.error().code() in moved, message.error()
            continue
        if message.offset() not in seen:
            assert last.get(message.key(), 0) < message.offset(), "each stream in order"
            last[message.key()] = message.offset()
            seen.add(message.offset())
        if len(seen) < count // 4:
            try:
                reader.commit(message=message, asynchronous=False)
            except KafkaException:
                pass  # the group has met anew: it comes again
        elif not told:
            told = True
            print("half", flush=True)
    reader.commit(asynchronous=False)
    reader.close()


def pack(bootstrap, name, key, certificate, count):
    """Consumes orders with a group, under TLS and with a key, and appends that they are packed."""
    signed_in = {
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "SCRAM-SHA-256",
        "sasl.username": name,
        "sasl.password": key,
        "ssl.ca.location": certificate,
    }
    reader = consumer(bootstrap, "packers", **signed_in)
    reader.subscribe(["shop.order"])
    placed = {}
    until = time.monotonic() + PATIENCE
    while len(placed) < int(count):
        assert time.monotonic() < until, placed
        one = event_of(reader.poll(0.2))
        if one is not None and dict(one.headers())["ce_type"] == b"OrderPlaced":
            placed[one.key()] = one.offset()
    records = [("shop.order", key, b"{}", [("ce_type", b"OrderPacked")]) for key in placed]
    for error, message in write(bootstrap, records, **signed_in):
        assert error is None, error
        stream = message.key()
        print(stream.decode(), placed[stream], message.offset())
    reader.commit(asynchronous=False)
    reader.close()


if __name__ == "__main__":
    bootstrap, scenario, *arguments = sys.argv[1:]
    globals()[scenario](bootstrap, *arguments)
