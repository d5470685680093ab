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

/** Runs a consumer of a group until it has read so many records. */
async function read(groupId, topic, count) {
  const consumer = kafka.consumer({ groupId, sessionTimeout: 6_000, maxWaitTimeInMs: 200 });
  const found = [];
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`only ${found.length}`)), PATIENCE);
    consumer.on(consumer.events.CRASH, (event) => reject(event.payload.error));
    consumer.run({
      eachMessage: async ({ partition, message }) => {
        found.push({ partition, ...message });
        if (found.length === count) {
          clearTimeout(late);
          resolve();
        }
      },
    });
  });
  await consumer.disconnect();
  return found;
}

const scenarios = {
  /** A topic of a category, read by a group from its beginning. */
  async consume(count) {
    const found = await read("scripts", "shop.account", Number(count));
    const first = found.find(({ offset }) => offset === "1");
    assert.equal(first.key.toString(), "0");
    assert.equal(first.headers.ce_type.toString(), "Opened");
    assert.equal(new Set(found.map(({ offset }) => offset)).size, Number(count));
  },

  /** Reads by a group while the category gets another number of partitions, and misses nothing. */
  async read_anew(count, partitions) {
    const settings = { groupId: "scripts", sessionTimeout: 6_000, maxWaitTimeInMs: 200 };
    const consumer = kafka.consumer({ ...settings, metadataMaxAge: 1_000 });
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
