-- The tables every scenario starts from: few rows, with nulls, duplicates and borders.

create table customer (
  id integer primary key,
  name text not null,
  email text unique,
  city text,
  joined date,
  vip boolean not null default false,
  balance double precision
);
insert into customer (id, name, email, city, joined, vip, balance) values
  (1, 'Ada', 'ada@example.org', 'London', '1815-12-10', true, 10.5),
  (2, 'bob', 'bob@example.org', 'Paris', '2024-02-29', false, -3.25),
  (3, 'Éva', null, 'Paris', null, false, null),
  (4, 'dan_k', 'dan@example.org', null, '2023-12-31', true, 0),
  (5, 'Zoë', 'zoe@example.org', 'london', '2024-01-01', false, 1e20),
  (6, '100%', null, null, '2024-03-01', false, 0.1);

create table orders (
  id bigint primary key,
  customer_id integer,
  total bigint,
  note text,
  placed timestamptz not null,
  paid boolean
);
insert into orders (id, customer_id, total, note, placed, paid) values
  (10, 1, 100, 'first', '2024-01-15 10:30:00+00', true),
  (11, 1, 250, null, '2024-01-31 23:59:59.999999+00', false),
  (12, 2, 100, 'gift', '2024-02-29 12:00:00+02', null),
  (13, 2, null, '', '2024-03-01 00:00:00+00', true),
  (14, 5, 9223372036854775807, 'huge', '2024-12-31 23:00:00-05', false),
  (15, null, 7, 'nobody', '1999-12-31 23:59:60+00', true);

create table item (
  order_id bigint not null,
  line integer not null,
  sku text not null,
  qty integer not null default 1,
  price double precision,
  primary key (order_id, line)
);
insert into item (order_id, line, sku, qty, price) values
  (10, 1, 'A-1', 2, 1.5),
  (10, 2, 'B-22', 1, 2.25),
  (11, 1, 'A-1', 3, 1.5),
  (12, 1, 'C-333', 10, null),
  (12, 2, 'A-1', 0, 0.1),
  (99, 1, 'X', 5, 4);

create table doc (
  id uuid primary key,
  body jsonb,
  raw bytea
);
insert into doc (id, body, raw) values
  ('00000000-0000-0000-0000-000000000001', '{"name": "Ada", "tags": ["x", "y"], "n": 1, "deep": {"a": {"b": null}}}', '\x00ff'),
  ('00000000-0000-0000-0000-000000000002', '{"n": 1.0, "name": "bob", "tags": []}', '\x'),
  ('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '[1, "two", null, {"three": 3}]', null),
  ('b0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', null, '\xdeadbeef'),
  ('c0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '"text"', '\x00'),
  ('d0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'null', '\x0000');

create table t (a integer, b integer, c text);
insert into t (a, b, c) values
  (1, 10, 'x'), (1, 20, 'y'), (2, 10, 'x'), (2, null, null), (null, 5, 'z'), (null, null, 'Z'),
  (2147483647, -2147483648, ''), (-1, 0, ' x ');

create table nothing (a integer, b text);
