//! One scenario from end to end, with keys and under TLS: a service appends over HTTP, another one
//! consumes with a Kafka group and appends back, a dashboard asks in SQL, and all see the same
//! positions. `./check` installs the clients.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::support::{Place, Ran, Serve, confluent_kafka};

const ORDERS: &str = "\
-- projection: orders
create table orders (id text primary key, placed bigint not null, packed bigint);

-- on: OrderPlaced
insert into orders (id, placed) values (@key, @position);

-- on: OrderPacked
update orders set packed = @position where id = @key;
";

const COUNT: usize = 20;

/// A server under TLS with the database `shop`, and keys for those who use it.
struct Guarded {
    place: Place,
    server: Serve,
    postgres: String,
    kafka: String,
    root: String,
}

impl Guarded {
    fn open() -> Guarded {
        let place = Place::new();
        place.run(["database", "create", "shop"]).ok();
        let orders = place.file("orders.sql", ORDERS);
        let apply = [
            "projection",
            "apply",
            "-d",
            "shop",
            orders.to_str().unwrap(),
        ];
        place.run(apply).ok();
        let create = ["key", "create", "--name", "root", "--role", "admin"];
        let root = place.run(create).ok().stdout.trim().to_owned();
        let any = "127.0.0.1:0";
        let serve = ["serve", "--tls-self", "--listen", any, "--postgres", any];
        let serve = serve
            .into_iter()
            .chain(["--kafka", any, "--log-level", "error"]);
        let lines = ["listening on https://", "postgres://", "kafka://"];
        let (server, told) = Serve::wait_for_all(&lines, place.command(serve));
        let [_, postgres, kafka] = told.try_into().unwrap();
        Guarded {
            place,
            server,
            postgres,
            kafka,
            root,
        }
    }

    /// Where it speaks HTTP under TLS.
    fn url(&self) -> String {
        format!("https://{}", self.server.url)
    }

    fn certificate(&self) -> PathBuf {
        self.place.data().join("tls/certificate.pem")
    }

    /// A command of ours, under TLS, as on another machine.
    fn run(&self, key: &str, args: &[&str]) -> Ran {
        let mut command = crate::support::headwater();
        command.env("HEADWATER_KEY", key).args(args);
        command.args(["--server", &self.url(), "--tls-ca"]);
        Ran::from(command.arg(self.certificate()).output().unwrap())
    }

    /// A key for the shop.
    fn key(&self, name: &str, role: &str) -> String {
        let create = [
            "key", "create", "--name", name, "--role", role, "-d", "shop",
        ];
        self.run(&self.root, &create).ok().stdout.trim().to_owned()
    }

    /// Appends with curl; the position.
    fn append(&self, key: &str, event: &Value) -> u64 {
        let mut curl = Command::new("curl");
        curl.args([
            "--silent",
            "--show-error",
            "--fail-with-body",
            "--noproxy",
            "*",
        ]);
        curl.arg("--cacert").arg(self.certificate());
        curl.args(["--header", &format!("authorization: Bearer {key}")]);
        curl.args(["--json", &json!({ "events": [event] }).to_string()]);
        curl.arg(format!("{}/v1/databases/shop/append", self.url()));
        let told = Ran::from(curl.output().unwrap()).ok();
        let told: Value = serde_json::from_str(&told.stdout).unwrap();
        told["last"].as_u64().unwrap()
    }

    /// Asks with psql, which checks the certificate.
    fn psql(&self, user: &str, key: &str, statement: &str) -> Ran {
        let port = port(&self.postgres);
        let root = self.certificate();
        let connection = format!(
            "host=localhost port={port} dbname=shop user={user} sslmode=verify-full \
             sslrootcert={} connect_timeout=20",
            root.display()
        );
        let mut psql = Command::new("psql");
        psql.env_clear().env("PGPASSWORD", key);
        psql.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        psql.args([
            "-X",
            "-A",
            "-t",
            "-v",
            "ON_ERROR_STOP=1",
            "-c",
            statement,
            &connection,
        ]);
        Ran::from(psql.stdin(Stdio::null()).output().unwrap())
    }

    /// What kcat reads of the whole log: offset and key.
    fn kcat(&self, mechanism: &str, user: &str, key: &str) -> Ran {
        let mut kcat = Command::new("kcat");
        let bootstrap = format!("localhost:{}", port(&self.kafka));
        kcat.args([
            "-b",
            &bootstrap,
            "-C",
            "-t",
            "shop",
            "-o",
            "beginning",
            "-e",
        ]);
        kcat.args(["-f", "%o %k\n", "-m", "10"]);
        for setting in [
            "security.protocol=SASL_SSL".to_owned(),
            format!("sasl.mechanism={mechanism}"),
            format!("sasl.username={user}"),
            format!("sasl.password={key}"),
            format!("ssl.ca.location={}", self.certificate().display()),
        ] {
            kcat.args(["-X", &setting]);
        }
        Ran::from(kcat.stdin(Stdio::null()).output().unwrap())
    }
}

fn port(address: &str) -> &str {
    address.rsplit(':').next().unwrap()
}

#[test]
fn everybody_sees_the_same_positions_whatever_they_speak() {
    let shop = Guarded::open();
    let (till, packer) = (shop.key("till", "write"), shop.key("packer", "write"));
    let board = shop.key("board", "read");

    let placed: Vec<u64> = (0..COUNT)
        .map(|n| {
            let stream = format!("order/{n:02}");
            let event = json!({ "type": "OrderPlaced", "stream": stream, "data": { "n": n } });
            shop.append(&till, &event)
        })
        .collect();

    let mut packing = confluent_kafka();
    packing.arg(format!("localhost:{}", port(&shop.kafka)));
    packing
        .args(["pack", "packer", &packer])
        .arg(shop.certificate());
    let told = Ran::from(packing.arg(COUNT.to_string()).output().unwrap()).ok();
    // Key, offset that was read, offset that was written.
    let mut packed: Vec<Vec<String>> = told
        .stdout
        .lines()
        .map(|line| line.split(' ').map(str::to_owned).collect())
        .collect();
    packed.sort();

    let asked = shop
        .psql(
            "board",
            &board,
            "select id, placed, packed from orders order by id",
        )
        .ok();
    let shown: Vec<Vec<String>> = asked
        .stdout
        .lines()
        .map(|line| line.split('|').map(str::to_owned).collect())
        .collect();
    assert_eq!(shown, packed, "what SQL shows and what Kafka said");
    let first: Vec<u64> = shown.iter().map(|row| row[1].parse().unwrap()).collect();
    assert_eq!(first, placed, "and what HTTP answered");

    let read = shop
        .run(&board, &["read", "-d", "shop", "--all"])
        .ok()
        .json();
    let by = |actor: &str| {
        let of = |event: &&Value| event["metadata"]["actor"] == actor;
        read.iter().filter(of).count()
    };
    assert_eq!(
        (read.len(), by("till"), by("packer")),
        (2 * COUNT, COUNT, COUNT)
    );

    let offsets: Vec<String> = ["PLAIN", "SCRAM-SHA-256"]
        .map(|mechanism| shop.kcat(mechanism, "board", &board).ok().stdout)
        .to_vec();
    assert_eq!(offsets[0].lines().next(), Some("1 order/00"));
    assert_eq!(offsets[0], offsets[1]);
}

#[test]
fn no_protocol_is_opened_without_the_right_key_and_the_right_certificate() {
    let shop = Guarded::open();
    let board = shop.key("board", "read");
    let insert = "insert into event (type, data) values ('Noted', '{}')";
    shop.psql("board", &board, insert)
        .fails(1, &["the key board may not do this"]);
    for (user, key) in [("board", "hw_wrong"), ("till", &*board)] {
        shop.psql(user, key, "select 1")
            .fails(2, &["password authentication failed"]);
        let refused = shop.kcat("SCRAM-SHA-256", user, key);
        assert_ne!(refused.code, Some(0));
        assert!(
            refused.stderr.contains("the key is not one of this server"),
            "{}",
            refused.stderr
        );
    }
    // Nobody vouches for the certificate.
    let args = ["database", "list", "--server", &shop.url()];
    let mut command = crate::support::headwater();
    let untrusted = command.args(args).env("HEADWATER_KEY", &shop.root).output();
    Ran::from(untrusted.unwrap()).fails(1, &["certificate"]);
    // On this machine commands need no certificate.
    let mut command = shop.place.command(["database", "list"]);
    let here = command.env("HEADWATER_KEY", &shop.root).output().unwrap();
    assert!(Ran::from(here).ok().stdout.contains("shop"));
}
