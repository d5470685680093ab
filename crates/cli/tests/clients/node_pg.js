// What node-postgres can do with Headwater: connection as the environment says; it fails by an error.
const assert = require("node:assert");
const { Client, Pool } = require("pg");

async function main() {
  const client = new Client();
  await client.connect();
  const append =
    "insert into event (stream, type, data, expected_revision) values ($1, $2, $3, $4) returning position, revision";
  const values = ["account/ada", "AccountOpened", { email: "ada@example.org" }, 0];
  const appended = await client.query(append, values);
  assert.deepStrictEqual(appended.rows, [{ position: "1", revision: "1" }]);
  await assert.rejects(client.query(append, values), { code: "40001" });

  const found = await client.query("select id, email, opened from account where id = $1", ["ada"]);
  assert.strictEqual(found.rows[0].email, "ada@example.org");
  assert.ok(found.rows[0].opened instanceof Date);
  const named = { name: "data", text: "select data, 1.5::numeric as n, null::int as z from event" };
  for (let again = 0; again < 3; again++) {
    const row = (await client.query(named)).rows[0];
    assert.deepStrictEqual(row, { data: { email: "ada@example.org" }, n: "1.5", z: null });
  }
  await assert.rejects(client.query("select nothing"), { code: "42703", position: "8" });

  await client.query("begin");
  await client.query("insert into event (stream, type) values ($1, $2)", ["bell/1", "Rang"]);
  await client.query("rollback");
  const count = async () => (await client.query("select count(*)::int as n from event")).rows[0].n;
  assert.strictEqual(await count(), 1);

  const told = new Promise((resolve) => client.once("notification", resolve));
  await client.query("listen bell");
  const pool = new Pool({ max: 4 });
  const ring = (n) => pool.query("insert into event (stream, type) values ($1, 'Rang')", [`bell/${n}`]);
  await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map(ring));
  assert.strictEqual((await told).channel, "bell");
  assert.strictEqual(await count(), 9);
  await pool.end();
  await client.end();
}

main().then(() => console.log("node-postgres done"));
