-- Functions that applications and dashboards send: md5, initcap, format, quote_literal, changes of documents.

select md5(''), md5('a'), md5('Ünïcödé'), md5(null), md5('\x6162'::bytea), md5('a'::varchar), md5(repeat('x', 1000));

select id, md5(name) from customer order by md5(name);

select md5(1);

select initcap(''), initcap('hello WORLD'), initcap('éva zoË'), initcap('a1b c-d_e''f'), initcap(null), initcap('x'::varchar);

select initcap(name) from customer order by id;

select initcap('ǆ ß'), initcap('1st 2nd'), initcap('  a  b'), initcap('ÀÉ àé'), initcap('α βΓ');

select quote_literal('a'), quote_literal('a''b'), quote_literal('a\b'), quote_literal(''), quote_literal(null), quote_literal(1), quote_literal(1.50), quote_literal(true), quote_literal('2024-01-01'::date), quote_literal(array['a''b', null]), quote_literal('{"a": 1}'::jsonb);

select quote_nullable('a'), quote_nullable(null), quote_nullable(null::int), quote_nullable(2), quote_nullable('\'), quote_nullable(false);

select quote_literal(name), quote_nullable(email) from customer order by id;

select quote_literal('a', 'b');

select format('Hello'), format('Hello %s', 'World'), format('%s and %s', 1, 2.50), format('100%%'), format(null), format('%s', null), format('%%%s%%', 'x');

select format('%I', 'a'), format('%I', 'A b'), format('%I', 'select'), format('%L', 'it''s'), format('%L', null), format('%L', 'a\b'), format('insert into %I values (%L, %L)', 'T', 1, true);

select format('%2$s %1$s', 'a', 'b'), format('%1$s %1$s', 'a'), format('%2$s %s', 'a', 'b', 'c'), format('%s %1$s %s', 'a', 'b');

select format('|%10s|', 'x'), format('|%-10s|', 'x'), format('|%1$5s|%1$-5s|', 'é'), format('|%3s|', 'long'), format('|%5I|%5L|', 'a', null);

select format('%s %s', true, array[1, 2]), format('%s', '2024-01-01 12:00:00+00'::timestamptz), format('%s', '{"a": 1}'::jsonb), format('%s', 1e300::float8);

select format('%s');

select format('%x', 1);

select format('%', 1);

select format('%1', 1);

select format('%0$s', 1);

select format('%I', null);

select format('%5$s', 1);

select format(1, 2);

-- refused
select format('%*s', 5, 'x');

select format('%s: %L', name, email) from customer order by id;

select jsonb_set('{"a": 1}', '{a}', '2'), jsonb_set('{"a": 1}', '{b}', '2'), jsonb_set('{"a": 1}', '{b}', '2', false), jsonb_set('{"a": 1}', '{a}', '2', false), jsonb_set('{"a": {"b": 1}}', '{a,b}', '"x"'), jsonb_set('{"a": {"b": 1}}', '{a,c}', 'null');

select jsonb_set('{"a": {"b": 1}}', '{x,y}', '1'), jsonb_set('{}', '{a}', '1'), jsonb_set('{}', '{a,b}', '1'), jsonb_set('{}', '{a}', '1', false), jsonb_set('{"a": 1}', '{}', '2'), jsonb_set('{"a": 1}', '{a,b}', '2');

select jsonb_set('[1, 2, 3]', '{0}', '"x"'), jsonb_set('[1, 2, 3]', '{-1}', '"x"'), jsonb_set('[1, 2, 3]', '{3}', '"x"'), jsonb_set('[1, 2, 3]', '{99}', '"x"'), jsonb_set('[1, 2, 3]', '{-4}', '"x"'), jsonb_set('[1, 2, 3]', '{-3}', '"x"'), jsonb_set('[]', '{0}', '1'), jsonb_set('[]', '{-5}', '1'), jsonb_set('[]', '{0}', '1', false);

select jsonb_set('[1, 2, 3]', '{5}', '"x"', false), jsonb_set('[1, 2, 3]', '{-5}', '"x"', false), jsonb_set('[1, [2], {"a": 3}]', '{1,0}', '9'), jsonb_set('[1, [2], {"a": 3}]', '{2,a}', '[]'), jsonb_set('[1, 2]', '{ 1}', '9'), jsonb_set('[1, 2]', '{+1}', '9'), jsonb_set('[1, 2]', '{5,0}', '9'), jsonb_set('[1, 2]', '{-5,0}', '9');

select jsonb_set(null, '{a}', '1'), jsonb_set('{"a": 1}', null, '1'), jsonb_set('{"a": 1}', '{a}', null), jsonb_set('{"a": 1}', '{a}', '1', null);

select jsonb_set('1', '{a}', '1');

select jsonb_set('[1]', '{a}', '1');

select jsonb_set('[1]', '{"1 "}', '1');

select jsonb_set('[1]', '{99999999999}', '1');

select jsonb_set('{"a": 1}', '{null}', '1');

select jsonb_set('{"a": {"b": 1}}', '{a,null}', '1');

select jsonb_set('{"a": 1}', '{b,null}', '1'), jsonb_set('"x"', '{}', '1');

select jsonb_set(body, '{name}', '"new"') from doc where jsonb_typeof(body) = 'object' order by id;

select jsonb_set(body, array['n'], to_jsonb(42), true) from doc where jsonb_typeof(body) = 'object' order by id;

select jsonb_insert('{"a": [0, 1, 2]}', '{a,1}', '"x"'), jsonb_insert('{"a": [0, 1, 2]}', '{a,1}', '"x"', true), jsonb_insert('{"a": [0, 1, 2]}', '{a,-1}', '"x"'), jsonb_insert('{"a": [0, 1, 2]}', '{a,-1}', '"x"', true), jsonb_insert('{"a": [0, 1, 2]}', '{a,9}', '"x"'), jsonb_insert('{"a": [0, 1, 2]}', '{a,-9}', '"x"', true);

select jsonb_insert('{"a": 1}', '{b}', '2'), jsonb_insert('[]', '{0}', '2'), jsonb_insert('[]', '{3}', '2', true), jsonb_insert('{"a": 1}', '{}', '2'), jsonb_insert('{"a": {"b": 1}}', '{a,c}', '2');

select jsonb_insert('{"a": 1}', '{a}', '2');

select jsonb_insert('1', '{a}', '2');

select '{"a": 1, "b": {"c": [1, 2, 3]}}'::jsonb #- '{a}', '{"a": 1, "b": {"c": [1, 2, 3]}}'::jsonb #- '{b,c,1}', '{"a": 1, "b": {"c": [1, 2, 3]}}'::jsonb #- '{b,c,-1}', '{"a": 1, "b": {"c": [1, 2, 3]}}'::jsonb #- '{b,c,9}', '{"a": 1}'::jsonb #- '{}', '{"a": 1}'::jsonb #- '{x}', '[1, 2]'::jsonb #- array['0'], '[1, 2]'::jsonb #- '{-5}', '{}'::jsonb #- '{a}', '[]'::jsonb #- '{a}';

select '1'::jsonb #- '{a}';

select '[1]'::jsonb #- '{a}';

select jsonb_pretty('{"a": 1, "bb": [1, 2, {"c": null}], "d": {}, "e": [], "f": "x\"y"}'), jsonb_pretty('1'), jsonb_pretty('[]'), jsonb_pretty('{}'), jsonb_pretty(null), jsonb_pretty('"a"'), jsonb_pretty('[[]]');

select jsonb_pretty(body) from doc order by id;

select jsonb_pretty(1);

select jsonb_set(1, '{a}', '1');
