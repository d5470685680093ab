-- Casts, written and implicit.

select '12'::int, cast('12' as bigint), '1.50'::numeric, '1.5'::float8, 't'::boolean;

select 'x'::int;

select ''::int;

select '2147483648'::int;

select 1.5::int, 2.5::int, -1.5::int, 0.5::int, (-2.5)::int;

select 1.5::float8::int, 2.5::float8::int, 3.5::float8::bigint, (-2.5)::float8::int;

select 3000000000::int;

select 3000000000::float8::int;

select 1e19::float8::bigint;

select 9223372036854775807::float8::bigint;

select 99999999999999999999::bigint;

select id::int from orders where id = 10;

select total::int from orders where id = 14;

select 1::boolean, 0::boolean, 42::boolean, true::int, false::int;

select 1::bigint::boolean;

select true::bigint;

select true::text, false::text, 1::text, 1.50::text, 1.5::float8::text, null::text;

select 'yes'::boolean, ' off '::boolean, 'nope'::boolean;

select 1e20::float8::text, 1e15::float8, 123456789012345.0::float8, 0.0001::float8, 0.00001::float8;

select 1e20::float8::numeric, 0.1::float8::numeric, 123456789.123456789::float8::numeric, 1e-7::float8::numeric;

select 1::numeric, 1::bigint::numeric, 1.10::numeric, 100::float8::numeric;

select 12.345::text || 'x', '12.345'::numeric + 1;

select '2024-02-30'::date;

select '2024-02-29'::date, '2024-02-29'::date::text, '2024-02-29 10:00:00'::timestamptz::date;

select '2024-02-29'::date::timestamptz, '2024-02-29 12:00:00+02'::timestamptz, '2024-02-29 12:00:00+02'::timestamptz::text;

select joined::timestamptz, placed::date from customer, orders where customer.id = 1 and orders.id = 12;

select 1::date;

select '2024-01-01'::date::int;

select id::text from doc order by id;

select 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'::uuid, '{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}'::uuid::text;

select 'a0eebc99'::uuid;

select '\x00ff'::bytea, 'abc'::bytea, 'a\\b\001'::bytea, '\x00ff'::bytea::text;

select '\x0'::bytea;

select '{"b":1, "a":[1,2 , 3]}'::jsonb, '"x"'::jsonb, 'null'::jsonb, '1.50'::jsonb;

select '{"a":1,"a":2}'::jsonb, '{"bb":1,"a":2,"c":3}'::jsonb;

select '{a:1}'::jsonb;

select '[1e2, 1.10, -0, 12345678901234567890123]'::jsonb;

select '1'::jsonb::int, '1.5'::jsonb::int, 'true'::jsonb::boolean, '1.5'::jsonb::float8, '1.50'::jsonb::numeric;

select '"1"'::jsonb::int;

select '[1]'::jsonb::int;

select 'null'::jsonb::int;

select body::text from doc where id = '00000000-0000-0000-0000-000000000001';

select date '2024-01-01', timestamptz '2024-01-01 00:00:00+01', int '5', float8 '1.5', jsonb '[]';

select '12'::smallint;

-- refused: no such type in the language
select 'abc'::varchar(2);

-- refused: a precision
select 1.234::numeric(5, 2);

-- refused: no such type in the language
select '10:00'::time;

select '1'::no_such_type;

select cast(a as text), cast(c as text) from t;

select c::int from t where a = 1;

select a::float8 / 2, a::numeric / 2 from t where a in (1, 2);

select (1 + 1)::text || '!', -1::text;

select 'a'::text = 'a', 5::text < '10';
