-- Literals of every type: good ones, borders and bad ones.

select '1'::smallint;

select '-32768'::smallint;

select '32767'::smallint;

select '32768'::smallint;

select '-32769'::smallint;

select ' 7 '::smallint;

select '1.5'::smallint;

select ''::smallint;

select 'x'::smallint;

select '+5'::smallint;

select '0x10'::smallint;

select null::smallint;

select cast(null as smallint) is null;

select '0'::integer;

select '-2147483648'::integer;

select '2147483647'::integer;

select '2147483648'::integer;

select '1e3'::integer;

select '12a'::integer;

select '  42'::integer;

select '- 1'::integer;

select '٣'::integer;

select null::integer;

select cast(null as integer) is null;

select '9223372036854775807'::bigint;

select '-9223372036854775808'::bigint;

select '9223372036854775808'::bigint;

select '1_000'::bigint;

select '.5'::bigint;

select null::bigint;

select cast(null as bigint) is null;

select '1.50'::numeric;

select '-0.00'::numeric;

select '1e5'::numeric;

select '1e-5'::numeric;

select '.5'::numeric;

select '5.'::numeric;

select '1,000'::numeric;

select '--1'::numeric;

select '12345678901234567890.123456789'::numeric;

select '0x1'::numeric;

select null::numeric;

select cast(null as numeric) is null;

select '1e308'::double precision;

select '1e309'::double precision;

select '-0'::double precision;

select 'Infinity'::double precision;

select '-inf'::double precision;

select '1e-400'::double precision;

select '0.1'::double precision;

select '1.7976931348623157e308'::double precision;

select null::double precision;

select cast(null as double precision) is null;

select 't'::boolean;

select 'true'::boolean;

select 'yes'::boolean;

select 'on'::boolean;

select '1'::boolean;

select 'f'::boolean;

select 'off'::boolean;

select 'no'::boolean;

select '0'::boolean;

select 'tr'::boolean;

select 'o'::boolean;

select '2'::boolean;

select 'TRUE '::boolean;

select ' of'::boolean;

select null::boolean;

select cast(null as boolean) is null;

select '2024-02-29'::date;

select '2023-02-29'::date;

select '2024-13-01'::date;

select '0001-01-01'::date;

select '9999-12-31'::date;

select '2024-1-5'::date;

-- refused
select '20240105'::date;

select '2024-02-29 10:00:00'::date;

-- refused
select '2024/02/29'::date;

select 'x'::date;

-- refused
select 'Jan 5 2024'::date;

select null::date;

select cast(null as date) is null;

select '2024-02-29 12:30:00+00'::timestamptz;

select '2024-02-29'::timestamptz;

select '2024-02-29T12:30:00Z'::timestamptz;

select '2024-02-29 12:30:00.123456789+00'::timestamptz;

select '2024-02-29 24:00:00+00'::timestamptz;

select '2024-02-29 23:59:60+00'::timestamptz;

select '2024-02-29 12:30:00-05:30'::timestamptz;

select '2024-02-29 25:00+00'::timestamptz;

select '2024-02-29 12:30 UTC'::timestamptz;

-- refused
select 'now'::timestamptz;

-- refused
select 'epoch'::timestamptz;

select null::timestamptz;

select cast(null as timestamptz) is null;

select 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid;

select 'A0EEBC999C0B4EF8BB6D6BB9BD380A11'::uuid;

select '{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}'::uuid;

select 'a0eebc99-9c0b-4ef8-bb6d'::uuid;

select 'g0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid;

select null::uuid;

select cast(null as uuid) is null;

select '{"b": 1, "a": [1, 2.50, null]}'::jsonb;

select '[]'::jsonb;

select '"x"'::jsonb;

select '1.0'::jsonb;

select 'tru'::jsonb;

select '{"a":1,"a":2}'::jsonb;

select '{"a"}'::jsonb;

select ''::jsonb;

select '1e400'::jsonb;

select '"\u0041"'::jsonb;

select 'nul'::jsonb;

select null::jsonb;

select cast(null as jsonb) is null;

select '{"b": 1,  "a":2}'::json;

select '[1,'::json;

select '"x"'::json;

select null::json;

select cast(null as json) is null;

select '\x00ff'::bytea;

select '\x0'::bytea;

select 'abc'::bytea;

select '\\'::bytea;

select '\001\377'::bytea;

select '\xzz'::bytea;

select null::bytea;

select cast(null as bytea) is null;

select '1 day'::interval;

select '1 month -2 days'::interval;

select '03:04:05.678'::interval;

select '-00:30'::interval;

select '1 year 2 months 3 days 04:05:06'::interval;

select '0 days'::interval;

select '2 weeks'::interval;

select '1.5 hours'::interval;

select '90 minutes'::interval;

-- refused, 22007
select '1 fortnight'::interval;

select ''::interval;

select '36:00:00'::interval;

select '-1 days +02:03'::interval;

select '1.5 days'::interval;

select '1000 years'::interval;

select '100000 microseconds'::interval;

select null::interval;

select cast(null as interval) is null;

select '{}'::text[];

select '{a,b}'::text[];

select '{"a b",NULL,"null",""}'::text[];

select '{"a\"b","c\\d"}'::text[];

select '{a'::text[];

select 'a'::text[];

select '{a,}'::text[];

-- refused
select '{{a},{b}}'::text[];

select ' { a , b } '::text[];

-- refused
select '[0:1]={a,b}'::text[];

select null::text[];

select cast(null as text[]) is null;

select '{1,2,3}'::integer[];

select '{1,NULL}'::integer[];

select '{x}'::integer[];

select '{1.5}'::integer[];

select '{2147483648}'::integer[];

select '{ 1 , 2 }'::integer[];

select null::integer[];

select cast(null as integer[]) is null;

select '{t,f,NULL}'::boolean[];

select '{true,no}'::boolean[];

select '{2}'::boolean[];

select null::boolean[];

select cast(null as boolean[]) is null;

select 'abc'::name;

select 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'::name;

select null::name;

select cast(null as name) is null;

select '1'::oid;

select '4294967295'::oid;

select '-1'::oid;

select '4294967296'::oid;

select 'x'::oid;

select null::oid;

select cast(null as oid) is null;

select 'abc'::varchar;

select ''::varchar;

select null::varchar;

select cast(null as varchar) is null;

select 'a'::"char";

select 'abc'::"char";

select ''::"char";

select null::"char";

select cast(null as "char") is null;

