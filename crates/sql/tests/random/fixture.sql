-- The tables of random statements: few rows, with nulls, duplicates and the ends of each type.

create table v (
  id integer primary key,
  b boolean,
  i integer,
  l bigint,
  d double precision,
  s text,
  t timestamptz,
  y date,
  u uuid,
  j jsonb,
  x bytea
);
insert into v (id, b, i, l, d, s, t, y, u, j, x) values
  (1, true, 0, 0, 0, '', '1970-01-01 00:00:00+00', '1970-01-01', '00000000-0000-0000-0000-000000000000', 'null', '\x'),
  (2, false, 1, 1, 1.5, 'a', '2024-02-29 23:59:59.999999+00', '2024-02-29', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{"a": 1, "b": [1, 2.50, null]}', '\x00'),
  (3, null, null, null, null, null, null, null, null, null, null),
  (4, true, 2147483647, 9223372036854775807, 1.7976931348623157e308, 'Ünïcödé', '9999-12-31 23:59:59.999999+00', '9999-12-31', 'ffffffff-ffff-ffff-ffff-ffffffffffff', '[]', '\xffff'),
  (5, false, -2147483648, -9223372036854775808, -1.7976931348623157e308, ' a b ', '0001-01-01 00:00:00+00', '0001-01-01', null, '"a"', '\x6162'),
  (6, true, 7, 12345678901, 5e-324, '42', '2000-01-01 12:30:00+00', '2000-01-01', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{"a": {"b": "x"}, "c": true}', '\x61'),
  (7, null, -7, -3, 'Infinity', 'a%_\', '1999-12-31 23:59:59+00', '1999-12-31', null, '[1, "two", null, [3]]', null),
  (8, false, 1, 1, -0.1, 'A', '2024-02-29 00:00:00+00', '2024-02-29', '00000000-0000-0000-0000-000000000001', '1.0', '\x00');

create table p (id integer primary key, k integer, s text, n bigint, y date);
insert into p (id, k, s, n, y) values
  (1, 1, 'a', 10, '2024-01-01'),
  (2, 1, 'b', null, null),
  (3, 2, 'a', 30, '2024-01-31'),
  (4, null, null, 40, '2024-02-29'),
  (5, 3, '', -5, '1999-12-31'),
  (6, 7, 'é', 10, '2024-01-01');

create table q (id integer primary key, k bigint, s text, d double precision, b boolean);
insert into q (id, k, s, d, b) values
  (1, 1, 'a', 0.5, true),
  (2, 2, 'b', null, false),
  (3, 2, 'A', -1.25, null),
  (4, null, 'a', 100, true),
  (5, 9, null, 0.1, false);

create table nobody (id integer primary key, k integer, s text);
