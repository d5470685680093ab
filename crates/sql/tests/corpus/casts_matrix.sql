-- Every type cast to every other one.

select (7::smallint)::smallint;

select (7::smallint)::integer;

select (7::smallint)::bigint;

select (7::smallint)::numeric;

select (7::smallint)::double precision;

select (7::smallint)::boolean;

select (7::smallint)::date;

select (7::smallint)::timestamptz;

select (7::smallint)::uuid;

select (7::smallint)::jsonb;

select (7::smallint)::bytea;

select (7::smallint)::text;

select (7::smallint)::varchar;

select (7::smallint)::interval;

select (7::smallint)::oid;

select (7::smallint)::text[];

select (7::smallint)::bigint[];

select (7::smallint)::json;

select (65)::smallint;

select (65)::integer;

select (65)::bigint;

select (65)::numeric;

select (65)::double precision;

select (65)::boolean;

select (65)::date;

select (65)::timestamptz;

select (65)::uuid;

select (65)::jsonb;

select (65)::bytea;

select (65)::text;

select (65)::varchar;

select (65)::interval;

select (65)::oid;

select (65)::text[];

select (65)::bigint[];

select (65)::json;

select (-1)::smallint;

select (-1)::integer;

select (-1)::bigint;

select (-1)::numeric;

select (-1)::double precision;

select (-1)::boolean;

select (-1)::date;

select (-1)::timestamptz;

select (-1)::uuid;

select (-1)::jsonb;

select (-1)::bytea;

select (-1)::text;

select (-1)::varchar;

select (-1)::interval;

select (-1)::oid;

select (-1)::text[];

select (-1)::bigint[];

select (-1)::json;

select (2147483647)::smallint;

select (2147483647)::integer;

select (2147483647)::bigint;

select (2147483647)::numeric;

select (2147483647)::double precision;

select (2147483647)::boolean;

select (2147483647)::date;

select (2147483647)::timestamptz;

select (2147483647)::uuid;

select (2147483647)::jsonb;

select (2147483647)::bytea;

select (2147483647)::text;

select (2147483647)::varchar;

select (2147483647)::interval;

select (2147483647)::oid;

select (2147483647)::text[];

select (2147483647)::bigint[];

select (2147483647)::json;

select (70000::bigint)::smallint;

select (70000::bigint)::integer;

select (70000::bigint)::bigint;

select (70000::bigint)::numeric;

select (70000::bigint)::double precision;

select (70000::bigint)::boolean;

select (70000::bigint)::date;

select (70000::bigint)::timestamptz;

select (70000::bigint)::uuid;

select (70000::bigint)::jsonb;

select (70000::bigint)::bytea;

select (70000::bigint)::text;

select (70000::bigint)::varchar;

select (70000::bigint)::interval;

select (70000::bigint)::oid;

select (70000::bigint)::text[];

select (70000::bigint)::bigint[];

select (70000::bigint)::json;

select (9223372036854775807)::smallint;

select (9223372036854775807)::integer;

select (9223372036854775807)::bigint;

select (9223372036854775807)::numeric;

select (9223372036854775807)::double precision;

select (9223372036854775807)::boolean;

select (9223372036854775807)::date;

select (9223372036854775807)::timestamptz;

select (9223372036854775807)::uuid;

select (9223372036854775807)::jsonb;

select (9223372036854775807)::bytea;

select (9223372036854775807)::text;

select (9223372036854775807)::varchar;

select (9223372036854775807)::interval;

select (9223372036854775807)::oid;

select (9223372036854775807)::text[];

select (9223372036854775807)::bigint[];

select (9223372036854775807)::json;

select (2.5)::smallint;

select (2.5)::integer;

select (2.5)::bigint;

select (2.5)::numeric;

select (2.5)::double precision;

select (2.5)::boolean;

select (2.5)::date;

select (2.5)::timestamptz;

select (2.5)::uuid;

select (2.5)::jsonb;

select (2.5)::bytea;

select (2.5)::text;

select (2.5)::varchar;

select (2.5)::interval;

select (2.5)::oid;

select (2.5)::text[];

select (2.5)::bigint[];

select (2.5)::json;

select (-3.5)::smallint;

select (-3.5)::integer;

select (-3.5)::bigint;

select (-3.5)::numeric;

select (-3.5)::double precision;

select (-3.5)::boolean;

select (-3.5)::date;

select (-3.5)::timestamptz;

select (-3.5)::uuid;

select (-3.5)::jsonb;

select (-3.5)::bytea;

select (-3.5)::text;

select (-3.5)::varchar;

select (-3.5)::interval;

select (-3.5)::oid;

select (-3.5)::text[];

select (-3.5)::bigint[];

select (-3.5)::json;

select (99999.999)::smallint;

select (99999.999)::integer;

select (99999.999)::bigint;

select (99999.999)::numeric;

select (99999.999)::double precision;

select (99999.999)::boolean;

select (99999.999)::date;

select (99999.999)::timestamptz;

select (99999.999)::uuid;

select (99999.999)::jsonb;

select (99999.999)::bytea;

select (99999.999)::text;

select (99999.999)::varchar;

select (99999.999)::interval;

select (99999.999)::oid;

select (99999.999)::text[];

select (99999.999)::bigint[];

select (99999.999)::json;

select (0.4)::smallint;

select (0.4)::integer;

select (0.4)::bigint;

select (0.4)::numeric;

select (0.4)::double precision;

select (0.4)::boolean;

select (0.4)::date;

select (0.4)::timestamptz;

select (0.4)::uuid;

select (0.4)::jsonb;

select (0.4)::bytea;

select (0.4)::text;

select (0.4)::varchar;

select (0.4)::interval;

select (0.4)::oid;

select (0.4)::text[];

select (0.4)::bigint[];

select (0.4)::json;

select (2.5::float8)::smallint;

select (2.5::float8)::integer;

select (2.5::float8)::bigint;

select (2.5::float8)::numeric;

select (2.5::float8)::double precision;

select (2.5::float8)::boolean;

select (2.5::float8)::date;

select (2.5::float8)::timestamptz;

select (2.5::float8)::uuid;

select (2.5::float8)::jsonb;

select (2.5::float8)::bytea;

select (2.5::float8)::text;

select (2.5::float8)::varchar;

select (2.5::float8)::interval;

select (2.5::float8)::oid;

select (2.5::float8)::text[];

select (2.5::float8)::bigint[];

select (2.5::float8)::json;

select (1e20::float8)::smallint;

select (1e20::float8)::integer;

select (1e20::float8)::bigint;

select (1e20::float8)::numeric;

select (1e20::float8)::double precision;

select (1e20::float8)::boolean;

select (1e20::float8)::date;

select (1e20::float8)::timestamptz;

select (1e20::float8)::uuid;

select (1e20::float8)::jsonb;

select (1e20::float8)::bytea;

select (1e20::float8)::text;

select (1e20::float8)::varchar;

select (1e20::float8)::interval;

select (1e20::float8)::oid;

select (1e20::float8)::text[];

select (1e20::float8)::bigint[];

select (1e20::float8)::json;

select (-0.5::float8)::smallint;

select (-0.5::float8)::integer;

select (-0.5::float8)::bigint;

select (-0.5::float8)::numeric;

select (-0.5::float8)::double precision;

select (-0.5::float8)::boolean;

select (-0.5::float8)::date;

select (-0.5::float8)::timestamptz;

select (-0.5::float8)::uuid;

select (-0.5::float8)::jsonb;

select (-0.5::float8)::bytea;

select (-0.5::float8)::text;

select (-0.5::float8)::varchar;

select (-0.5::float8)::interval;

select (-0.5::float8)::oid;

select (-0.5::float8)::text[];

select (-0.5::float8)::bigint[];

select (-0.5::float8)::json;

select (true)::smallint;

select (true)::integer;

select (true)::bigint;

select (true)::numeric;

select (true)::double precision;

select (true)::boolean;

select (true)::date;

select (true)::timestamptz;

select (true)::uuid;

select (true)::jsonb;

select (true)::bytea;

select (true)::text;

select (true)::varchar;

select (true)::interval;

select (true)::oid;

select (true)::text[];

select (true)::bigint[];

select (true)::json;

select (false)::smallint;

select (false)::integer;

select (false)::bigint;

select (false)::numeric;

select (false)::double precision;

select (false)::boolean;

select (false)::date;

select (false)::timestamptz;

select (false)::uuid;

select (false)::jsonb;

select (false)::bytea;

select (false)::text;

select (false)::varchar;

select (false)::interval;

select (false)::oid;

select (false)::text[];

select (false)::bigint[];

select (false)::json;

select (date '2024-02-29')::smallint;

select (date '2024-02-29')::integer;

select (date '2024-02-29')::bigint;

select (date '2024-02-29')::numeric;

select (date '2024-02-29')::double precision;

select (date '2024-02-29')::boolean;

select (date '2024-02-29')::date;

select (date '2024-02-29')::timestamptz;

select (date '2024-02-29')::uuid;

select (date '2024-02-29')::jsonb;

select (date '2024-02-29')::bytea;

select (date '2024-02-29')::text;

select (date '2024-02-29')::varchar;

select (date '2024-02-29')::interval;

select (date '2024-02-29')::oid;

select (date '2024-02-29')::text[];

select (date '2024-02-29')::bigint[];

select (date '2024-02-29')::json;

select (timestamptz '2024-02-29 23:30:00.5+00')::smallint;

select (timestamptz '2024-02-29 23:30:00.5+00')::integer;

select (timestamptz '2024-02-29 23:30:00.5+00')::bigint;

select (timestamptz '2024-02-29 23:30:00.5+00')::numeric;

select (timestamptz '2024-02-29 23:30:00.5+00')::double precision;

select (timestamptz '2024-02-29 23:30:00.5+00')::boolean;

select (timestamptz '2024-02-29 23:30:00.5+00')::date;

select (timestamptz '2024-02-29 23:30:00.5+00')::timestamptz;

select (timestamptz '2024-02-29 23:30:00.5+00')::uuid;

select (timestamptz '2024-02-29 23:30:00.5+00')::jsonb;

select (timestamptz '2024-02-29 23:30:00.5+00')::bytea;

select (timestamptz '2024-02-29 23:30:00.5+00')::text;

select (timestamptz '2024-02-29 23:30:00.5+00')::varchar;

select (timestamptz '2024-02-29 23:30:00.5+00')::interval;

select (timestamptz '2024-02-29 23:30:00.5+00')::oid;

select (timestamptz '2024-02-29 23:30:00.5+00')::text[];

select (timestamptz '2024-02-29 23:30:00.5+00')::bigint[];

select (timestamptz '2024-02-29 23:30:00.5+00')::json;

select (uuid 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11')::smallint;

select (uuid 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11')::integer;

select (uuid 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11')::bigint;

select (uuid 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11')::numeric;

select (uuid 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11')::double precision;

select (uuid 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11')::boolean;

select (uuid 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11')::date;

select (uuid 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11')::timestamptz;

select (uuid 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11')::uuid;

select (uuid 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11')::jsonb;

select (uuid 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11')::bytea;

select (uuid 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11')::text;

select (uuid 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11')::varchar;

select (uuid 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11')::interval;

select (uuid 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11')::oid;

select (uuid 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11')::text[];

select (uuid 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11')::bigint[];

select (uuid 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11')::json;

select (jsonb '12.5')::smallint;

select (jsonb '12.5')::integer;

select (jsonb '12.5')::bigint;

select (jsonb '12.5')::numeric;

select (jsonb '12.5')::double precision;

select (jsonb '12.5')::boolean;

select (jsonb '12.5')::date;

select (jsonb '12.5')::timestamptz;

select (jsonb '12.5')::uuid;

select (jsonb '12.5')::jsonb;

select (jsonb '12.5')::bytea;

select (jsonb '12.5')::text;

select (jsonb '12.5')::varchar;

select (jsonb '12.5')::interval;

select (jsonb '12.5')::oid;

select (jsonb '12.5')::text[];

select (jsonb '12.5')::bigint[];

select (jsonb '12.5')::json;

select (jsonb 'true')::smallint;

select (jsonb 'true')::integer;

select (jsonb 'true')::bigint;

select (jsonb 'true')::numeric;

select (jsonb 'true')::double precision;

select (jsonb 'true')::boolean;

select (jsonb 'true')::date;

select (jsonb 'true')::timestamptz;

select (jsonb 'true')::uuid;

select (jsonb 'true')::jsonb;

select (jsonb 'true')::bytea;

select (jsonb 'true')::text;

select (jsonb 'true')::varchar;

select (jsonb 'true')::interval;

select (jsonb 'true')::oid;

select (jsonb 'true')::text[];

select (jsonb 'true')::bigint[];

select (jsonb 'true')::json;

select (jsonb '"x"')::smallint;

select (jsonb '"x"')::integer;

select (jsonb '"x"')::bigint;

select (jsonb '"x"')::numeric;

select (jsonb '"x"')::double precision;

select (jsonb '"x"')::boolean;

select (jsonb '"x"')::date;

select (jsonb '"x"')::timestamptz;

select (jsonb '"x"')::uuid;

select (jsonb '"x"')::jsonb;

select (jsonb '"x"')::bytea;

select (jsonb '"x"')::text;

select (jsonb '"x"')::varchar;

select (jsonb '"x"')::interval;

select (jsonb '"x"')::oid;

select (jsonb '"x"')::text[];

select (jsonb '"x"')::bigint[];

select (jsonb '"x"')::json;

select (jsonb '{}')::smallint;

select (jsonb '{}')::integer;

select (jsonb '{}')::bigint;

select (jsonb '{}')::numeric;

select (jsonb '{}')::double precision;

select (jsonb '{}')::boolean;

select (jsonb '{}')::date;

select (jsonb '{}')::timestamptz;

select (jsonb '{}')::uuid;

select (jsonb '{}')::jsonb;

select (jsonb '{}')::bytea;

select (jsonb '{}')::text;

select (jsonb '{}')::varchar;

select (jsonb '{}')::interval;

select (jsonb '{}')::oid;

select (jsonb '{}')::text[];

select (jsonb '{}')::bigint[];

select (jsonb '{}')::json;

select ('\x4142'::bytea)::smallint;

select ('\x4142'::bytea)::integer;

select ('\x4142'::bytea)::bigint;

select ('\x4142'::bytea)::numeric;

select ('\x4142'::bytea)::double precision;

select ('\x4142'::bytea)::boolean;

select ('\x4142'::bytea)::date;

select ('\x4142'::bytea)::timestamptz;

select ('\x4142'::bytea)::uuid;

select ('\x4142'::bytea)::jsonb;

select ('\x4142'::bytea)::bytea;

select ('\x4142'::bytea)::text;

select ('\x4142'::bytea)::varchar;

select ('\x4142'::bytea)::interval;

select ('\x4142'::bytea)::oid;

select ('\x4142'::bytea)::text[];

select ('\x4142'::bytea)::bigint[];

select ('\x4142'::bytea)::json;

select ('12'::text)::smallint;

select ('12'::text)::integer;

select ('12'::text)::bigint;

select ('12'::text)::numeric;

select ('12'::text)::double precision;

select ('12'::text)::boolean;

-- refused, 22007
select ('12'::text)::date;

-- refused, 22007
select ('12'::text)::timestamptz;

select ('12'::text)::uuid;

select ('12'::text)::jsonb;

select ('12'::text)::bytea;

select ('12'::text)::text;

select ('12'::text)::varchar;

-- refused
select ('12'::text)::interval;

select ('12'::text)::oid;

-- refused, 22P02
select ('12'::text)::text[];

-- refused, 22P02
select ('12'::text)::bigint[];

select ('12'::text)::json;

select ('t'::text)::smallint;

select ('t'::text)::integer;

select ('t'::text)::bigint;

select ('t'::text)::numeric;

select ('t'::text)::double precision;

select ('t'::text)::boolean;

select ('t'::text)::date;

select ('t'::text)::timestamptz;

select ('t'::text)::uuid;

select ('t'::text)::jsonb;

select ('t'::text)::bytea;

select ('t'::text)::text;

select ('t'::text)::varchar;

-- refused, 22007
select ('t'::text)::interval;

select ('t'::text)::oid;

-- refused, 22P02
select ('t'::text)::text[];

-- refused, 22P02
select ('t'::text)::bigint[];

select ('t'::text)::json;

select (''::text)::smallint;

select (''::text)::integer;

select (''::text)::bigint;

select (''::text)::numeric;

select (''::text)::double precision;

select (''::text)::boolean;

select (''::text)::date;

select (''::text)::timestamptz;

select (''::text)::uuid;

select (''::text)::jsonb;

select (''::text)::bytea;

select (''::text)::text;

select (''::text)::varchar;

select (''::text)::interval;

select (''::text)::oid;

-- refused, 22P02
select (''::text)::text[];

-- refused, 22P02
select (''::text)::bigint[];

select (''::text)::json;

select ('7'::varchar)::smallint;

select ('7'::varchar)::integer;

select ('7'::varchar)::bigint;

select ('7'::varchar)::numeric;

select ('7'::varchar)::double precision;

select ('7'::varchar)::boolean;

-- refused, 22007
select ('7'::varchar)::date;

-- refused, 22007
select ('7'::varchar)::timestamptz;

select ('7'::varchar)::uuid;

select ('7'::varchar)::jsonb;

select ('7'::varchar)::bytea;

select ('7'::varchar)::text;

select ('7'::varchar)::varchar;

-- refused
select ('7'::varchar)::interval;

select ('7'::varchar)::oid;

-- refused, 22P02
select ('7'::varchar)::text[];

-- refused, 22P02
select ('7'::varchar)::bigint[];

select ('7'::varchar)::json;

select ('n'::name)::smallint;

select ('n'::name)::integer;

select ('n'::name)::bigint;

select ('n'::name)::numeric;

select ('n'::name)::double precision;

select ('n'::name)::boolean;

select ('n'::name)::date;

select ('n'::name)::timestamptz;

select ('n'::name)::uuid;

select ('n'::name)::jsonb;

select ('n'::name)::bytea;

select ('n'::name)::text;

select ('n'::name)::varchar;

-- refused, 22007
select ('n'::name)::interval;

select ('n'::name)::oid;

-- refused, 22P02
select ('n'::name)::text[];

-- refused, 22P02
select ('n'::name)::bigint[];

select ('n'::name)::json;

select (interval '1 day')::smallint;

select (interval '1 day')::integer;

select (interval '1 day')::bigint;

select (interval '1 day')::numeric;

select (interval '1 day')::double precision;

select (interval '1 day')::boolean;

select (interval '1 day')::date;

select (interval '1 day')::timestamptz;

select (interval '1 day')::uuid;

select (interval '1 day')::jsonb;

select (interval '1 day')::bytea;

select (interval '1 day')::text;

select (interval '1 day')::varchar;

select (interval '1 day')::interval;

select (interval '1 day')::oid;

select (interval '1 day')::text[];

select (interval '1 day')::bigint[];

select (interval '1 day')::json;

select (42::oid)::smallint;

select (42::oid)::integer;

select (42::oid)::bigint;

select (42::oid)::numeric;

select (42::oid)::double precision;

select (42::oid)::boolean;

select (42::oid)::date;

select (42::oid)::timestamptz;

select (42::oid)::uuid;

select (42::oid)::jsonb;

select (42::oid)::bytea;

select (42::oid)::text;

select (42::oid)::varchar;

select (42::oid)::interval;

select (42::oid)::oid;

select (42::oid)::text[];

select (42::oid)::bigint[];

select (42::oid)::json;

select ('[1]'::json)::smallint;

select ('[1]'::json)::integer;

select ('[1]'::json)::bigint;

select ('[1]'::json)::numeric;

select ('[1]'::json)::double precision;

select ('[1]'::json)::boolean;

select ('[1]'::json)::date;

select ('[1]'::json)::timestamptz;

select ('[1]'::json)::uuid;

select ('[1]'::json)::jsonb;

select ('[1]'::json)::bytea;

select ('[1]'::json)::text;

select ('[1]'::json)::varchar;

select ('[1]'::json)::interval;

select ('[1]'::json)::oid;

select ('[1]'::json)::text[];

select ('[1]'::json)::bigint[];

select ('[1]'::json)::json;

select (array['1','2'])::smallint;

select (array['1','2'])::integer;

select (array['1','2'])::bigint;

select (array['1','2'])::numeric;

select (array['1','2'])::double precision;

select (array['1','2'])::boolean;

select (array['1','2'])::date;

select (array['1','2'])::timestamptz;

select (array['1','2'])::uuid;

select (array['1','2'])::jsonb;

select (array['1','2'])::bytea;

select (array['1','2'])::text;

select (array['1','2'])::varchar;

select (array['1','2'])::interval;

select (array['1','2'])::oid;

select (array['1','2'])::text[];

select (array['1','2'])::bigint[];

select (array['1','2'])::json;

select (array[1,null])::smallint;

select (array[1,null])::integer;

select (array[1,null])::bigint;

select (array[1,null])::numeric;

select (array[1,null])::double precision;

select (array[1,null])::boolean;

select (array[1,null])::date;

select (array[1,null])::timestamptz;

select (array[1,null])::uuid;

select (array[1,null])::jsonb;

select (array[1,null])::bytea;

select (array[1,null])::text;

select (array[1,null])::varchar;

select (array[1,null])::interval;

select (array[1,null])::oid;

select (array[1,null])::text[];

select (array[1,null])::bigint[];

select (array[1,null])::json;

select ('a'::"char")::smallint;

-- refused
select ('a'::"char")::integer;

select ('a'::"char")::bigint;

select ('a'::"char")::numeric;

select ('a'::"char")::double precision;

select ('a'::"char")::boolean;

select ('a'::"char")::date;

select ('a'::"char")::timestamptz;

select ('a'::"char")::uuid;

select ('a'::"char")::jsonb;

select ('a'::"char")::bytea;

select ('a'::"char")::text;

select ('a'::"char")::varchar;

select ('a'::"char")::interval;

select ('a'::"char")::oid;

select ('a'::"char")::text[];

select ('a'::"char")::bigint[];

select ('a'::"char")::json;

