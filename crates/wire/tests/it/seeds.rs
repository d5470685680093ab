//! What fuzzing of the protocols begins with (crates/fuzz): made here, and kept in git.
//! To write it anew: `UPDATE=1 cargo test -p headwater-wire seeds`

use std::path::Path;

use kafka_protocol::messages::ApiKey;

use crate::harness::TestServer;
use crate::kafka_requests::{COMPRESSIONS, Member, batch, request};
use crate::sessions::versions;

/// Checks that these are the seeds of a target, by name.
fn check(target: &str, seeds: impl IntoIterator<Item = (String, Vec<u8>)>) {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    let folder = corpus.join(target);
    for (name, bytes) in seeds {
        let file = folder.join(name);
        if std::env::var_os("UPDATE").is_some() {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(&file, &bytes).unwrap();
        }
        let found = std::fs::read(&file).unwrap_or_default();
        assert!(
            found == bytes,
            "{} is out of date: UPDATE=1 cargo test -p headwater-wire seeds",
            file.display()
        );
    }
}

#[tokio::test]
async fn of_kafka_requests() {
    let server = TestServer::start().await;
    let of = Member {
        group: "readers".to_owned(),
        name: "t-1".to_owned(),
        generation: 1,
    };
    for (key, oldest, newest) in versions(&server).await {
        for version in [oldest, newest] {
            let name = format!("{key:?}-{version}").to_lowercase();
            check("kafka_request", [(name, request(key, version, &of))]);
        }
    }
    let unknown = request(ApiKey::ApiVersions, 90, &of);
    check("kafka_request", [("unknown".to_owned(), unknown)]);
    server.stop().await;
}

#[test]
fn of_kafka_batches() {
    let seeds = COMPRESSIONS.iter().enumerate();
    check(
        "kafka_batch",
        seeds.map(|(at, name)| ((*name).to_owned(), batch(at))),
    );
}

#[test]
fn of_signing_in() {
    let seeds: [(&str, &[u8]); 3] = [
        ("plain", b"\0ada\0hw_1"),
        ("scram-first", b"y,,n=ada,r=rOprNGfwEbeRWgbNEkqO,x=more"),
        // The example of RFC 7677, section 3.
        (
            "scram",
            b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO\0c=biws,r=rOprNGfwEbeRWgbNEkqO\
              %hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
        ),
    ];
    check(
        "sign_in",
        seeds.map(|(name, bytes)| (name.to_owned(), bytes.to_vec())),
    );
}

#[test]
fn of_postgres_messages() {
    let seeds: [(&str, &[u8]); 10] = [
        ("query", b"Qselect 1; begin; commit\0"),
        (
            "parse",
            b"Ps\0select $1::int + $2\0\0\x02\0\0\0\x17\0\0\0\0",
        ),
        (
            "bind",
            b"Bp\0s\0\0\x02\0\x01\0\0\0\x02\0\0\0\x04\0\0\0\x07\xff\xff\xff\xff\0\x01\0\x01",
        ),
        ("describe", b"DPp\0"),
        ("describe-statement", b"DSs\0"),
        ("execute", b"Ep\0\0\0\0\x01"),
        ("close", b"CSs\0"),
        ("sync", b"S"),
        ("copy", b"dsome bytes"),
        ("bad", b"B\0\0\xff\xff"),
    ];
    let seeds = seeds.map(|(name, bytes)| (name.to_owned(), bytes.to_vec()));
    check("postgres_message", seeds);
}

#[test]
fn of_postgres_values() {
    let texts: [(u16, &str); 24] = [
        (16, "true"),
        (17, "\\x00ff"),
        (18, "a"),
        (19, "pg_class"),
        (20, "-9223372036854775808"),
        (21, "32767"),
        (23, " 42 "),
        (25, "a text"),
        (26, "4294967295"),
        (114, "{\"b\": 1, \"a\": [null, 1e3]}"),
        (700, "1.5"),
        (701, "-1e-300"),
        (1043, "varying"),
        (1082, "2024-02-29"),
        (1114, "2024-02-29 12:30:00.123456"),
        (1184, "2024-02-29T12:30:00+05:30"),
        (1186, "1 year 2 mons -3 days 04:05:06.7"),
        (1700, "-1234567890.000012"),
        (2950, "5c6b1d2e-0000-4000-8000-000000000001"),
        (3802, "{\"b\": 1, \"a\": \"\\u00e4\"}"),
        (1007, "{1,NULL,-3}"),
        (1009, "{\"a b\",NULL,\"\\\"\",c}"),
        (22, "1 2 3"),
        (2205, "event"),
    ];
    let binaries: [(u16, &[u8]); 10] = [
        (16, &[1]),
        (23, &[0, 0, 0, 42]),
        (701, &[0x3f, 0xf8, 0, 0, 0, 0, 0, 0]),
        (1082, &[0, 0, 0x22, 0x79]),
        (1184, &[0, 2, 0xb5, 0x4a, 0x9e, 0x3f, 0, 0]),
        (
            1700,
            &[0, 3, 0, 1, 0x40, 0, 0, 3, 0, 1, 0x09, 0x29, 0x1a, 0x7c],
        ),
        (
            1007,
            &[
                0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 23, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0,
                7, 255, 255, 255, 255,
            ],
        ),
        (
            1186,
            &[0, 0, 0, 0, 0, 0, 0, 9, 255, 255, 255, 255, 0, 0, 0, 14],
        ),
        (2950, &[7; 16]),
        (3802, b"\x01{\"a\": 1}"),
    ];
    let seed = |name: &str, ty: u16, format: u8, value: &[u8]| {
        let head = [ty.to_be_bytes().as_slice(), &[format]].concat();
        (format!("{name}-{ty}"), [&head, value].concat())
    };
    check(
        "postgres_value",
        texts.map(|(ty, text)| seed("text", ty, 0, text.as_bytes())),
    );
    check(
        "postgres_value",
        binaries.map(|(ty, bytes)| seed("binary", ty, 1, bytes)),
    );
}

#[test]
fn of_postgres_statements() {
    let seeds = [
        (
            "append",
            "insert into public.event (stream, type, data, tags, expected_revision) values ('note/1', 'Noted', '{\"a\": 1}', '[\"b\"]', 0), ($1, $2, $3::jsonb, null, default) returning position as at, revision, stream;",
        ),
        (
            "append-id",
            "insert into event (id, type, metadata, occurred_at) values ('5c6b1d2e-0000-4000-8000-000000000001'::uuid, E'a\\tb\\u00e4', $${\"by\": \"ada\"}$$, '2024-02-29 12:30:00+00')",
        ),
        (
            "append-query",
            "insert into event (type) select lower(type) from event where position > 3 returning position",
        ),
        (
            "transaction",
            "begin transaction isolation level repeatable read, read only, not deferrable; savepoint a; rollback to savepoint a; release a; commit and no chain; start transaction; abort and chain; end",
        ),
        (
            "set",
            "set local statement_timeout = '3s'; set time zone 'UTC'; set names utf8; set session characteristics as transaction read write; set headwater.at to 17; reset all; show transaction isolation level; set search_path = \"$user\", public; set extra_float_digits = -3",
        ),
        (
            "copy",
            "copy (select 1, ')') to stdout with (format csv, header, delimiter '|', null '-', quote '\"', escape '\\', force_quote (a, \"b\"), encoding 'utf8'); copy (values (1)) to stdout csv header delimiter as ';'",
        ),
        (
            "cursor",
            "declare \"C\" insensitive no scroll cursor without hold for select 1; fetch forward 5 from c; move all in c; fetch next c; close all",
        ),
        (
            "prepare",
            "prepare p (int, double precision) as select $1 + $2; execute p (-1, 'a', null, true, 1.5e3); deallocate prepare all; discard all",
        ),
        (
            "explain",
            "explain (verbose off, format text, costs) select 1; explain verbose with a as (select 1) table a",
        ),
        ("listen", "listen note; unlisten *; listen \"a b\""),
        (
            "comments",
            "/* a /* b */ c */ select 1 -- the end\n; ; select 'it''s', $t$ ; $$ $t$, \"a;b\"",
        ),
        (
            "refused",
            "update account set a = 1; create table a (b int); notify a; vacuum; nonsense; copy event from stdin; select 'not ended",
        ),
    ];
    let seeds = seeds.map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec()));
    check("postgres_statements", seeds);
}
