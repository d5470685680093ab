-- Operators and functions of jsonb over the same few documents.

select '{"a": 1, "b": [1, {"c": null}], "d": "x"}'::jsonb -> 'a';

select '{"a": 1, "b": [1, {"c": null}], "d": "x"}'::jsonb ->> 'd';

select '{"a": 1, "b": [1, {"c": null}], "d": "x"}'::jsonb -> 0;

select '{"a": 1, "b": [1, {"c": null}], "d": "x"}'::jsonb ->> 1;

select '{"a": 1, "b": [1, {"c": null}], "d": "x"}'::jsonb -> -1;

select '{"a": 1, "b": [1, {"c": null}], "d": "x"}'::jsonb #> '{b,1,c}';

select '{"a": 1, "b": [1, {"c": null}], "d": "x"}'::jsonb #>> '{b,0}';

select '{"a": 1, "b": [1, {"c": null}], "d": "x"}'::jsonb #> '{}';

select '{"a": 1, "b": [1, {"c": null}], "d": "x"}'::jsonb @> '{"a": 1}';

select '{"a": 1, "b": [1, {"c": null}], "d": "x"}'::jsonb @> '[1]';

select '{"a": 1, "b": [1, {"c": null}], "d": "x"}'::jsonb <@ '{"a": 1, "b": 2}';

select '{"a": 1, "b": [1, {"c": null}], "d": "x"}'::jsonb ? 'a';

select '{"a": 1, "b": [1, {"c": null}], "d": "x"}'::jsonb ?| '{a,z}';

select '{"a": 1, "b": [1, {"c": null}], "d": "x"}'::jsonb ?& '{a,d}';

select '{"a": 1, "b": [1, {"c": null}], "d": "x"}'::jsonb ?| array['a'];

select '{"a": 1, "b": [1, {"c": null}], "d": "x"}'::jsonb || '{"z": 9}';

select '{"a": 1, "b": [1, {"c": null}], "d": "x"}'::jsonb || '[7]';

select '{"a": 1, "b": [1, {"c": null}], "d": "x"}'::jsonb - 'a';

select '{"a": 1, "b": [1, {"c": null}], "d": "x"}'::jsonb - 0;

select '{"a": 1, "b": [1, {"c": null}], "d": "x"}'::jsonb = '{}';

select '{"a": 1, "b": [1, {"c": null}], "d": "x"}'::jsonb < '[]';

select '{"a": 1, "b": [1, {"c": null}], "d": "x"}'::jsonb is null;

select '{"a": 1, "b": [1, {"c": null}], "d": "x"}'::jsonb #- '{a}';

-- refused
select '{"a": 1, "b": [1, {"c": null}], "d": "x"}'::jsonb @? '$.a';

select '{"a": 1, "b": [1, {"c": null}], "d": "x"}'::jsonb #> array['b','0'];

select jsonb_typeof('{"a": 1, "b": [1, {"c": null}], "d": "x"}'::jsonb);

select jsonb_array_length('{"a": 1, "b": [1, {"c": null}], "d": "x"}'::jsonb);

select jsonb_strip_nulls('{"a": 1, "b": [1, {"c": null}], "d": "x"}'::jsonb);

select to_jsonb('{"a": 1, "b": [1, {"c": null}], "d": "x"}'::jsonb);

select jsonb_build_array('{"a": 1, "b": [1, {"c": null}], "d": "x"}'::jsonb, 1, null);

select jsonb_build_object('k', '{"a": 1, "b": [1, {"c": null}], "d": "x"}'::jsonb);

select jsonb_extract_path('{"a": 1, "b": [1, {"c": null}], "d": "x"}'::jsonb, 'b', '1');

select jsonb_extract_path_text('{"a": 1, "b": [1, {"c": null}], "d": "x"}'::jsonb, 'd');

select ('{"a": 1, "b": [1, {"c": null}], "d": "x"}'::jsonb)::text;

select jsonb_pretty('{"a": 1, "b": [1, {"c": null}], "d": "x"}'::jsonb);

select jsonb_set('{"a": 1, "b": [1, {"c": null}], "d": "x"}'::jsonb, '{a}', '5');

select jsonb_insert('{"a": 1, "b": [1, {"c": null}], "d": "x"}'::jsonb, '{b,0}', '5');

-- refused
select ('{"a": 1, "b": [1, {"c": null}], "d": "x"}'::jsonb)['a'];

-- refused
select jsonb_path_query('{"a": 1, "b": [1, {"c": null}], "d": "x"}'::jsonb, '$.a');

select '[1, "a", null, {"k": true}]'::jsonb -> 'a';

select '[1, "a", null, {"k": true}]'::jsonb ->> 'd';

select '[1, "a", null, {"k": true}]'::jsonb -> 0;

select '[1, "a", null, {"k": true}]'::jsonb ->> 1;

select '[1, "a", null, {"k": true}]'::jsonb -> -1;

select '[1, "a", null, {"k": true}]'::jsonb #> '{b,1,c}';

select '[1, "a", null, {"k": true}]'::jsonb #>> '{b,0}';

select '[1, "a", null, {"k": true}]'::jsonb #> '{}';

select '[1, "a", null, {"k": true}]'::jsonb @> '{"a": 1}';

select '[1, "a", null, {"k": true}]'::jsonb @> '[1]';

select '[1, "a", null, {"k": true}]'::jsonb <@ '{"a": 1, "b": 2}';

select '[1, "a", null, {"k": true}]'::jsonb ? 'a';

select '[1, "a", null, {"k": true}]'::jsonb ?| '{a,z}';

select '[1, "a", null, {"k": true}]'::jsonb ?& '{a,d}';

select '[1, "a", null, {"k": true}]'::jsonb ?| array['a'];

select '[1, "a", null, {"k": true}]'::jsonb || '{"z": 9}';

select '[1, "a", null, {"k": true}]'::jsonb || '[7]';

select '[1, "a", null, {"k": true}]'::jsonb - 'a';

select '[1, "a", null, {"k": true}]'::jsonb - 0;

select '[1, "a", null, {"k": true}]'::jsonb = '{}';

select '[1, "a", null, {"k": true}]'::jsonb < '[]';

select '[1, "a", null, {"k": true}]'::jsonb is null;

select '[1, "a", null, {"k": true}]'::jsonb #- '{a}';

-- refused
select '[1, "a", null, {"k": true}]'::jsonb @? '$.a';

select '[1, "a", null, {"k": true}]'::jsonb #> array['b','0'];

select jsonb_typeof('[1, "a", null, {"k": true}]'::jsonb);

select jsonb_array_length('[1, "a", null, {"k": true}]'::jsonb);

select jsonb_strip_nulls('[1, "a", null, {"k": true}]'::jsonb);

select to_jsonb('[1, "a", null, {"k": true}]'::jsonb);

select jsonb_build_array('[1, "a", null, {"k": true}]'::jsonb, 1, null);

select jsonb_build_object('k', '[1, "a", null, {"k": true}]'::jsonb);

select jsonb_extract_path('[1, "a", null, {"k": true}]'::jsonb, 'b', '1');

select jsonb_extract_path_text('[1, "a", null, {"k": true}]'::jsonb, 'd');

select ('[1, "a", null, {"k": true}]'::jsonb)::text;

select jsonb_pretty('[1, "a", null, {"k": true}]'::jsonb);

select jsonb_set('[1, "a", null, {"k": true}]'::jsonb, '{a}', '5');

select jsonb_insert('[1, "a", null, {"k": true}]'::jsonb, '{b,0}', '5');

-- refused
select ('[1, "a", null, {"k": true}]'::jsonb)['a'];

-- refused
select jsonb_path_query('[1, "a", null, {"k": true}]'::jsonb, '$.a');

select '"s"'::jsonb -> 'a';

select '"s"'::jsonb ->> 'd';

select '"s"'::jsonb -> 0;

select '"s"'::jsonb ->> 1;

select '"s"'::jsonb -> -1;

select '"s"'::jsonb #> '{b,1,c}';

select '"s"'::jsonb #>> '{b,0}';

select '"s"'::jsonb #> '{}';

select '"s"'::jsonb @> '{"a": 1}';

select '"s"'::jsonb @> '[1]';

select '"s"'::jsonb <@ '{"a": 1, "b": 2}';

select '"s"'::jsonb ? 'a';

select '"s"'::jsonb ?| '{a,z}';

select '"s"'::jsonb ?& '{a,d}';

select '"s"'::jsonb ?| array['a'];

select '"s"'::jsonb || '{"z": 9}';

select '"s"'::jsonb || '[7]';

select '"s"'::jsonb - 'a';

select '"s"'::jsonb - 0;

select '"s"'::jsonb = '{}';

select '"s"'::jsonb < '[]';

select '"s"'::jsonb is null;

select '"s"'::jsonb #- '{a}';

-- refused
select '"s"'::jsonb @? '$.a';

select '"s"'::jsonb #> array['b','0'];

select jsonb_typeof('"s"'::jsonb);

select jsonb_array_length('"s"'::jsonb);

select jsonb_strip_nulls('"s"'::jsonb);

select to_jsonb('"s"'::jsonb);

select jsonb_build_array('"s"'::jsonb, 1, null);

select jsonb_build_object('k', '"s"'::jsonb);

select jsonb_extract_path('"s"'::jsonb, 'b', '1');

select jsonb_extract_path_text('"s"'::jsonb, 'd');

select ('"s"'::jsonb)::text;

select jsonb_pretty('"s"'::jsonb);

select jsonb_set('"s"'::jsonb, '{a}', '5');

select jsonb_insert('"s"'::jsonb, '{b,0}', '5');

-- refused
select ('"s"'::jsonb)['a'];

-- refused
select jsonb_path_query('"s"'::jsonb, '$.a');

select 'null'::jsonb -> 'a';

select 'null'::jsonb ->> 'd';

select 'null'::jsonb -> 0;

select 'null'::jsonb ->> 1;

select 'null'::jsonb -> -1;

select 'null'::jsonb #> '{b,1,c}';

select 'null'::jsonb #>> '{b,0}';

select 'null'::jsonb #> '{}';

select 'null'::jsonb @> '{"a": 1}';

select 'null'::jsonb @> '[1]';

select 'null'::jsonb <@ '{"a": 1, "b": 2}';

select 'null'::jsonb ? 'a';

select 'null'::jsonb ?| '{a,z}';

select 'null'::jsonb ?& '{a,d}';

select 'null'::jsonb ?| array['a'];

select 'null'::jsonb || '{"z": 9}';

select 'null'::jsonb || '[7]';

select 'null'::jsonb - 'a';

select 'null'::jsonb - 0;

select 'null'::jsonb = '{}';

select 'null'::jsonb < '[]';

select 'null'::jsonb is null;

select 'null'::jsonb #- '{a}';

-- refused
select 'null'::jsonb @? '$.a';

select 'null'::jsonb #> array['b','0'];

select jsonb_typeof('null'::jsonb);

select jsonb_array_length('null'::jsonb);

select jsonb_strip_nulls('null'::jsonb);

select to_jsonb('null'::jsonb);

select jsonb_build_array('null'::jsonb, 1, null);

select jsonb_build_object('k', 'null'::jsonb);

select jsonb_extract_path('null'::jsonb, 'b', '1');

select jsonb_extract_path_text('null'::jsonb, 'd');

select ('null'::jsonb)::text;

select jsonb_pretty('null'::jsonb);

select jsonb_set('null'::jsonb, '{a}', '5');

select jsonb_insert('null'::jsonb, '{b,0}', '5');

-- refused
select ('null'::jsonb)['a'];

-- refused
select jsonb_path_query('null'::jsonb, '$.a');

select null::jsonb -> 'a';

select null::jsonb ->> 'd';

select null::jsonb -> 0;

select null::jsonb ->> 1;

select null::jsonb -> -1;

select null::jsonb #> '{b,1,c}';

select null::jsonb #>> '{b,0}';

select null::jsonb #> '{}';

select null::jsonb @> '{"a": 1}';

select null::jsonb @> '[1]';

select null::jsonb <@ '{"a": 1, "b": 2}';

select null::jsonb ? 'a';

select null::jsonb ?| '{a,z}';

select null::jsonb ?& '{a,d}';

select null::jsonb ?| array['a'];

select null::jsonb || '{"z": 9}';

select null::jsonb || '[7]';

select null::jsonb - 'a';

select null::jsonb - 0;

select null::jsonb = '{}';

select null::jsonb < '[]';

select null::jsonb is null;

select null::jsonb #- '{a}';

-- refused
select null::jsonb @? '$.a';

select null::jsonb #> array['b','0'];

select jsonb_typeof(null::jsonb);

select jsonb_array_length(null::jsonb);

select jsonb_strip_nulls(null::jsonb);

select to_jsonb(null::jsonb);

select jsonb_build_array(null::jsonb, 1, null);

select jsonb_build_object('k', null::jsonb);

select jsonb_extract_path(null::jsonb, 'b', '1');

select jsonb_extract_path_text(null::jsonb, 'd');

select (null::jsonb)::text;

select jsonb_pretty(null::jsonb);

select jsonb_set(null::jsonb, '{a}', '5');

select jsonb_insert(null::jsonb, '{b,0}', '5');

-- refused
select (null::jsonb)['a'];

-- refused
select jsonb_path_query(null::jsonb, '$.a');

select '{}'::jsonb -> 'a';

select '{}'::jsonb ->> 'd';

select '{}'::jsonb -> 0;

select '{}'::jsonb ->> 1;

select '{}'::jsonb -> -1;

select '{}'::jsonb #> '{b,1,c}';

select '{}'::jsonb #>> '{b,0}';

select '{}'::jsonb #> '{}';

select '{}'::jsonb @> '{"a": 1}';

select '{}'::jsonb @> '[1]';

select '{}'::jsonb <@ '{"a": 1, "b": 2}';

select '{}'::jsonb ? 'a';

select '{}'::jsonb ?| '{a,z}';

select '{}'::jsonb ?& '{a,d}';

select '{}'::jsonb ?| array['a'];

select '{}'::jsonb || '{"z": 9}';

select '{}'::jsonb || '[7]';

select '{}'::jsonb - 'a';

select '{}'::jsonb - 0;

select '{}'::jsonb = '{}';

select '{}'::jsonb < '[]';

select '{}'::jsonb is null;

select '{}'::jsonb #- '{a}';

-- refused
select '{}'::jsonb @? '$.a';

select '{}'::jsonb #> array['b','0'];

select jsonb_typeof('{}'::jsonb);

select jsonb_array_length('{}'::jsonb);

select jsonb_strip_nulls('{}'::jsonb);

select to_jsonb('{}'::jsonb);

select jsonb_build_array('{}'::jsonb, 1, null);

select jsonb_build_object('k', '{}'::jsonb);

select jsonb_extract_path('{}'::jsonb, 'b', '1');

select jsonb_extract_path_text('{}'::jsonb, 'd');

select ('{}'::jsonb)::text;

select jsonb_pretty('{}'::jsonb);

select jsonb_set('{}'::jsonb, '{a}', '5');

select jsonb_insert('{}'::jsonb, '{b,0}', '5');

-- refused
select ('{}'::jsonb)['a'];

-- refused
select jsonb_path_query('{}'::jsonb, '$.a');

select jsonb_build_object('a', 1, 'b');

select jsonb_build_object(null, 1);

select jsonb_build_object('a', null, 'b', true, 'c', 1.50, 'd', date '2024-01-01', 'e', timestamptz '2024-01-01 00:00:00+00', 'f', array[1,2]);

select jsonb_build_array(1, 'x', 2.5, true, null, '[1]'::jsonb);

select to_jsonb('x'::text), to_jsonb(1), to_jsonb(true), to_jsonb(array['a', null]), to_jsonb(1.10);

select to_jsonb('x');

select json_build_object('a', 1, 'b', 'x', 'c', null);

select jsonb_agg(x) from (values (1), (null), (2)) v(x);

select jsonb_object_agg(k, v) from (values ('a', 1), ('b', null), ('a', 3)) t(k, v);

select jsonb_object_agg(k, v) from (values (null, 1)) t(k, v);

-- refused, 42883
select '{"a": 1}'::json = '{"a": 1}'::json;

-- refused, 42883
select x from (values ('{}'::json)) v(x) order by x;

-- refused
select '{"a": 1}'::json -> 'a';

