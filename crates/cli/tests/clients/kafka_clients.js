// What kafkajs sees of a server.
//
//     node kafka_clients.js BOOTSTRAP SCENARIO [ARGUMENT ...]
//
// Each scenario is a function below. It fails by an exception.
"use strict";
const assert = require("node:assert");
const { createRequire } = require("node:module");
const { CompressionTypes, Kafka, logLevel } = createRequire(process.env.KAFKAJS)("kafkajs");

const PATIENCE = 30_000;
const [bootstrap, scenario, ...args] = process.argv.slice(2);
const kafka = new Kafka({ brokers: [bootstrap], logLevel: logLevel.ERROR });

const SETTINGS = { sessionTimeout: 6_000, heartbeatInterval: 300, maxWaitTimeInMs: 200 };

/** Runs a consumer of a group until it has read so many records; `after` each of them, this. */
async function read(groupId, topic, count, { from, after, ...run } = {}) {
  const consumer = kafka.consumer({ ...SETTINGS, groupId });
  const found = [];
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`only ${found.length}`)), PATIENCE);
    consumer.on(consumer.events.CRASH, (event) => reject(event.payload.error));
    consumer.run({
      ...run,
      eachMessage: async ({ partition, message }) => {
        if (found.length === count) return; // it is leaving
        found.push({ partition, ...message });
        await after?.(consumer, { partition, message });
        if (found.length === count) {
          clearTimeout(late);
          resolve();
        }
      },
    });
    for (const { partition, offset } of from ?? []) consumer.seek({ topic, partition, offset });
  });
  await consumer.disconnect();
  return found;
}

const sleep = (millis) => new Promise((resolve) => setTimeout(resolve, millis));

/** Looks again and again until it is so. */
async function until(so, said) {
  const late = Date.now() + 2 * PATIENCE;
  while (!so()) {
    if (Date.now() > late) throw new Error(said());
    await sleep(20);
  }
}

const scenarios = {
  /** What the records of a topic are, from its beginning, whatever its number of partitions is. */
  async tell(topic, _, count) {
    const found = await read(`told-${topic}`, topic, Number(count));
    const told = found.map(({ offset, key, timestamp, value, headers }) => ({
      offset: Number(offset),
      key: key && `${key}`,
      timestamp: Number(timestamp),
      value: value.toString("base64"),
      headers: Object.entries(headers).flatMap(([name, values]) =>
        [values].flat().map((text) => [name, `${text}`]),
      ),
    }));
    console.log(JSON.stringify(told));
  },

  /** By time: what was recorded at the time of a record or later begins there or before it. */
  async read_since(count) {
    const all = await read("historians", "shop", Number(count));
    const [first, last] = [all[0], all.at(-1)].map(({ timestamp }) => Number(timestamp));
    const earlier = all.filter(({ timestamp }) => Number(timestamp) < last);
    assert.equal(earlier.length, Number(count) - 1, "the last one was recorded later");
    const admin = kafka.admin();
    await admin.connect();
    for (const [asked, expected] of [[first, "1"], [last, count]]) {
      const from = await admin.fetchTopicOffsetsByTimestamp("shop", asked);
      assert.deepEqual(from, [{ partition: 0, offset: expected }]);
    }
    for (const topic of ["shop", "shop.account"]) {
      const from = await admin.fetchTopicOffsetsByTimestamp(topic, last);
      const [found] = await read(`since-${topic}`, topic, 1, { from });
      assert.equal(found.offset, count, topic);
    }
    await admin.disconnect();
  },

  /** Reads so many records as a member of a group, tells the group of each, and leaves. */
  async read_by_group(group, count) {
    const topic = "shop.account";
    const after = (consumer, { partition, message }) =>
      consumer.commitOffsets([{ topic, partition, offset: `${BigInt(message.offset) + 1n}` }]);
    const found = await read(group, topic, Number(count), { after, autoCommit: false });
    console.log(JSON.stringify(found.map(({ offset }) => Number(offset))));
  },

  /** Three members join and leave while events are written: each is read, each stream in order. */
  async share() {
    const [seen, streams, members] = [new Set(), new Map(), []];
    let written = 0;
    let done = false;
    let failure;

    async function write() {
      const producer = kafka.producer({ idempotent: true });
      await producer.connect();
      for (; !done; await sleep(5)) {
        const messages = Array.from({ length: 10 }, (_, n) => ({
          key: `k${(written + n) % 40}`,
          value: "{}",
        }));
        await producer.send({ topic: "shop.account", messages });
        written += messages.length;
      }
      await producer.disconnect();
    }

    async function join() {
      const consumer = kafka.consumer({ ...SETTINGS, groupId: "sharers" });
      const member = { consumer, partitions: [] };
      consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
        member.partitions = payload.memberAssignment["shop.account"] ?? [];
      });
      consumer.on(consumer.events.CRASH, ({ payload }) => (failure ??= payload.error));
      await consumer.connect();
      await consumer.subscribe({ topics: ["shop.account"], fromBeginning: true });
      await consumer.run({
        autoCommitThreshold: 5,
        eachMessage: async ({ message: { key, offset } }) => {
          if (seen.has(offset)) return; // what was not committed comes again
          seen.add(offset);
          if (!streams.has(`${key}`)) streams.set(`${key}`, []);
          streams.get(`${key}`).push(Number(offset));
        },
      });
      members.push(member);
    }

    const leave = () => members.shift().consumer.disconnect();
    /** Each partition is one member's, each member has some, and more has been read since. */
    async function shared() {
      const parts = () => members.map(({ partitions }) => partitions);
      const sorted = () => parts().flat().sort((one, other) => one - other);
      const all = () => `${sorted()}` === "0,1,2,3,4,5,6,7" && parts().every(({ length }) => length);
      const said = () => `${seen.size} of ${written}, ${JSON.stringify(parts())}`;
      await until(() => failure || all(), said);
      const more = seen.size + 200;
      await until(() => failure || seen.size >= more, said);
      assert.ifError(failure);
    }

    const writing = write();
    for (const step of [join, join, join, leave, leave]) {
      await step();
      await shared();
    }
    done = true;
    await writing;
    await until(() => seen.size >= written, () => `${seen.size} of ${written}`);
    await leave();
    assert.equal(seen.size, written);
    assert.equal(streams.size, 40);
    for (const offsets of streams.values()) {
      assert.deepEqual(offsets, [...offsets].sort((one, other) => one - other));
    }
  },

  /** Reads by a group while the category gets another number of partitions, and misses nothing. */
  async read_anew(count, partitions) {
    const consumer = kafka.consumer({ ...SETTINGS, groupId: "scripts", metadataMaxAge: 1_000 });
    const seen = new Set();
    let assigned = [];
    let told = false;
    await consumer.connect();
    await consumer.subscribe({ topics: ["shop.account"], fromBeginning: true });
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      assigned = payload.memberAssignment["shop.account"];
    });
    await new Promise((resolve, reject) => {
      const said = () => `only ${seen.size}, in ${assigned}`;
      const late = setTimeout(() => reject(new Error(said())), 2 * PATIENCE);
      const look = setInterval(() => {
        if (seen.size < Number(count) || assigned.length !== Number(partitions)) return;
        clearTimeout(late);
        clearInterval(look);
        resolve();
      }, 50);
      consumer.run({
        autoCommitThreshold: 10,
        eachMessage: async ({ message }) => {
          seen.add(message.offset);
          if (!told && seen.size >= Number(count) / 4) {
            told = true;
            console.log("half");
          }
        },
      });
    });
    await consumer.disconnect();
  },

  /** Records of every kind that it can make. */
  async produce() {
    for (const compression of [CompressionTypes.None, CompressionTypes.GZIP]) {
      for (const idempotent of [false, true]) {
        const producer = kafka.producer({ idempotent });
        await producer.connect();
        const messages = Array.from({ length: 20 }, (_, n) => ({
          key: `j${n % 3}`,
          value: JSON.stringify({ n }),
          headers: { ce_type: "Scripted", tag: ["a:1", "b:2"] },
        }));
        const [told] = await producer.send({ topic: "shop.account", compression, messages });
        assert.equal(told.errorCode, 0);
        await producer.disconnect();
      }
    }
  },

  /** The names of topics and groups. */
  async administer(group) {
    const admin = kafka.admin();
    await admin.connect();
    assert.ok((await admin.listTopics()).includes("shop"));
    const offsets = await admin.fetchTopicOffsets("shop");
    assert.equal(offsets[0].low, "1");
    const { groups } = await admin.listGroups();
    assert.ok(groups.some(({ groupId }) => groupId === group));
    await admin.disconnect();
  },
};

scenarios[scenario](...args).catch((error) => {
  console.error(error);
  process.exit(1);
});
