-- jsonb: operators, functions, equality and order.

select body -> 'name', body ->> 'name', body -> 'tags', body ->> 'tags', body -> 'missing' from doc order by id;

select body -> 0, body ->> 1, body -> -1, body ->> 2, body -> 9 from doc order by id;

select body -> 'deep' -> 'a' ->> 'b', body -> 'deep' -> 'a', body #> '{deep,a}', body #>> '{tags,1}', body #> '{tags,-1}' from doc order by id;

select body #> '{}', body #>> '{3,three}' from doc order by id;

select '{"a":{"b":[1,{"c":2}]}}'::jsonb #> '{a,b,1,c}', '[1]'::jsonb #> '{x}', '{"a":1}'::jsonb #>> '{a,b}';

select '{"a":1}'::jsonb #> 'a';

select body ? 'name', body ? 'two', body ? 'text' from doc order by id;

select body ?| '{name,zzz}', body ?& '{name,tags}' from doc order by id;

select body @> '{"n": 1}', body @> '["two"]', body @> '1', body @> 'null', body @> '{}', body @> '[]' from doc order by id;

select '{"a":{"b":1,"c":2}}'::jsonb @> '{"a":{"b":1}}', '[1,2,2]'::jsonb @> '[2,1]', '["x"]'::jsonb @> '"x"', '"x"'::jsonb @> '["x"]', '[[1]]'::jsonb @> '[1]', '{"a":1}'::jsonb <@ '{"a":1,"b":2}';

select '1'::jsonb = '1.0', '{"a":1,"b":2}'::jsonb = '{"b":2,"a":1.00}', '[1,2]'::jsonb = '[2,1]', '"a"'::jsonb <> '"b"';

select '[]'::jsonb < 'null', 'null'::jsonb < '"a"', '"a"'::jsonb < '1', '1'::jsonb < 'true', 'true'::jsonb < '[1]', '[1]'::jsonb < '{}', '[1,1]'::jsonb > '[9]';

select '{"a":2}'::jsonb < '{"b":1}', '{"aa":1}'::jsonb < '{"b":1}', '{"a":1,"b":1}'::jsonb > '{"z":9}', '10'::jsonb > '9', '-1'::jsonb < '0.5', 'false'::jsonb < 'true';

select body from doc order by body nulls last, id;

select body from doc order by body desc nulls first, id;

select count(distinct body -> 'n') from doc;

select body -> 'n', count(*) from doc group by body -> 'n' having count(*) > 1;

select jsonb_typeof(body), jsonb_typeof(body -> 'n') from doc order by id;

select jsonb_array_length('[1,2,[3]]'), jsonb_array_length('[]');

select jsonb_array_length('{"a":1}');

select jsonb_array_length('1');

select '{"a":1}'::jsonb || '{"a":2,"b":3}', '[1]'::jsonb || '[2]', '[1]'::jsonb || '{"a":1}', '1'::jsonb || '2', '{"a":1}'::jsonb || '[2]';

select '{"a":1,"b":2}'::jsonb - 'a', '["a","b","a"]'::jsonb - 'a', '[1,2,3]'::jsonb - 1, '[1,2,3]'::jsonb - -1, '[1]'::jsonb - 7;

select '{"a":1}'::jsonb - 1;

select '1'::jsonb - 'a';

select jsonb_build_object('a', 1, 'b', 'x', 'c', null, 'd', true, 'e', 1.50, 'f', '{"x":1}'::jsonb, 'g', date '2024-01-01', 'h', timestamptz '2024-01-01 00:00:00.5+00');

select jsonb_build_object('bb', 1, 'a', 2, 'bb', 3), jsonb_build_object(), jsonb_build_object(1, 2);

select jsonb_build_object('a');

select jsonb_build_object(null, 1);

select jsonb_build_array(1, 'x', null, true, 1e20::float8, '[1]'::jsonb), jsonb_build_array();

select to_jsonb(1), to_jsonb('x'::text), to_jsonb(true), to_jsonb(1.5), to_jsonb(null::int), to_jsonb('2024-01-01'::date), to_jsonb('a"\é'::text);

select to_jsonb(0.1::float8), to_jsonb(1e-10::float8), to_jsonb('Infinity'::float8), to_jsonb('\x00'::bytea), to_jsonb('00000000-0000-0000-0000-000000000001'::uuid);

select jsonb_strip_nulls('{"a":null,"b":[null,{"c":null}],"d":{"e":null}}');

select jsonb_extract_path('{"a":[1,2]}', 'a', '1'), jsonb_extract_path_text('{"a":{"b":"x"}}', 'a', 'b');

select jsonb_agg(a order by b nulls last, a nulls last), jsonb_agg(c order by c nulls first) from t;

select jsonb_object_agg(c, a order by c, a) from t where c is not null;

select jsonb_object_agg(c, a) from t;

select (body ->> 'n')::numeric + 1, (body -> 'n')::int from doc where jsonb_typeof(body) = 'object' order by id;

select (body ->> 'name')::int from doc where id = '00000000-0000-0000-0000-000000000001';

select '"a\u00e9\n\t\"\\"'::jsonb, '"a\u00e9\n\t\"\\"'::jsonb ->> 0, '["\u0041"]'::jsonb ->> 0;

select '"\u0000"'::jsonb;

select '{"a":1}'::jsonb -> 'a' = '1', 1 = '1'::jsonb;

select id from doc where body is null;

select body::text = 'null' from doc order by id;

select jsonb_set('{"a":1}', '{a}', '2');

select jsonb_array_elements('[1,2]');

select '{"a":1}'::jsonb #- '{a}';

select '{}'::json;

-- refused
select jsonb_path_query('{}', '$');

select to_jsonb('x');

select '{"a":1}'::jsonb -> 1.5;

-- documents of arrays
select to_jsonb(array[1.5::float8]), to_jsonb(array['Infinity'::float8, 1e20, null]), jsonb_build_array(array[-2.5::float8, 1e-7]);

select to_jsonb(array['2024-01-02 03:04:05.6+00'::timestamptz, null]), jsonb_build_object('k', array['2024-01-01 00:00:00+00'::timestamptz]);

select to_jsonb(array['[1]'::json, '{"a" : 1}'::json, null]), to_jsonb(array['[1]'::jsonb, '"x"'::jsonb]);

select to_jsonb('1 2'::int2vector), to_jsonb('1 2'::oidvector), to_jsonb(array[1::oid]), to_jsonb(array[1::smallint, null]);

select to_jsonb(array['2024-01-02'::date]), to_jsonb(array['1 day'::interval]), to_jsonb(array['\x01'::bytea]), to_jsonb(array['a'::name]), to_jsonb(array[true, null]);

select jsonb_agg(array[0.1::float8]), json_build_object('k', array['[1]'::json]), jsonb_object_agg('k', array[0.5::float8]);

-- refused: the names of the catalogs, as values
select to_jsonb('pg_class'::regclass);

-- refused
select jsonb_build_object('k', 'int4'::regtype);
