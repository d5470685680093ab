-- What other drivers and tools send.

-- tokio-postgres: what a type is
SELECT t.typname, t.typtype, t.typelem, r.rngsubtype, t.typbasetype, n.nspname, t.typrelid
FROM pg_catalog.pg_type t
LEFT OUTER JOIN pg_catalog.pg_range r ON r.rngtypid = t.oid
INNER JOIN pg_catalog.pg_namespace n ON t.typnamespace = n.oid
WHERE t.oid = 3802;

-- tokio-postgres: an enum
SELECT enumlabel FROM pg_catalog.pg_enum WHERE enumtypid = 16385 ORDER BY enumsortorder;

-- tokio-postgres: a row type
SELECT attname, atttypid FROM pg_catalog.pg_attribute WHERE attrelid = '{account}' AND NOT attisdropped AND attnum > 0 ORDER BY attnum;

-- sqlx: a type by number
SELECT oid::text, typname, typtype, typcategory, typrelid, typelem, typbasetype FROM pg_catalog.pg_type WHERE oid = 1009;

-- sqlx: a type by name
SELECT oid FROM pg_catalog.pg_type WHERE typname ILIKE 'timestamptz';

-- sqlx: whether columns can be null
SELECT NOT attnotnull FROM pg_catalog.pg_attribute WHERE attrelid = '{account}'::oid AND attnum = 2;

-- pg-types of node
SELECT typname, oid, typarray FROM pg_type WHERE typtype = 'b' AND typname IN ('int8', 'jsonb', 'uuid', 'timestamptz', 'text') ORDER BY oid;

-- JDBC: what kind of type
SELECT typinput='pg_catalog.array_in'::regproc as is_array, typtype, typname, pg_type.oid FROM pg_catalog.pg_type WHERE pg_type.oid = 1007;

-- Npgsql: base types
SELECT ns.nspname, t.oid, t.typname, t.typtype, t.typnotnull, t.typelem FROM pg_type AS t JOIN pg_namespace AS ns ON ns.oid = t.typnamespace WHERE t.typtype = 'r' ORDER BY t.oid;

-- Rails: columns
SELECT a.attname, format_type(a.atttypid, a.atttypmod), pg_get_expr(d.adbin, d.adrelid), a.attnotnull, a.atttypid, a.atttypmod, c.collname, col_description(a.attrelid, a.attnum) AS comment, attidentity AS identity, attgenerated as attgenerated
FROM pg_attribute a
LEFT JOIN pg_attrdef d ON a.attrelid = d.adrelid AND a.attnum = d.adnum
LEFT JOIN pg_type t ON a.atttypid = t.oid
LEFT JOIN pg_collation c ON a.attcollation = c.oid AND a.attcollation <> t.typcollation
WHERE a.attrelid = '"account"'::regclass AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum;

-- Rails: the primary key
SELECT a.attname FROM (SELECT indrelid, indkey, generate_subscripts(indkey, 1) idx FROM pg_index WHERE indrelid = '"line"'::regclass AND indisprimary) i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[i.idx] ORDER BY i.idx;

-- Django: tables
SELECT c.relname, CASE WHEN c.relispartition THEN 'p' WHEN c.relkind IN ('m', 'v') THEN 'v' ELSE 't' END, obj_description(c.oid, 'pg_class') FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('f', 'm', 'p', 'r', 'v') AND n.nspname NOT IN ('pg_catalog', 'pg_toast', 'information_schema') AND pg_catalog.pg_table_is_visible(c.oid);

-- Django: constraints
SELECT c.conname, array(SELECT attname FROM unnest(c.conkey) WITH ORDINALITY cols(colid, arridx) JOIN pg_attribute AS ca ON cols.colid = ca.attnum WHERE ca.attrelid = c.conrelid ORDER BY cols.arridx), c.contype, (SELECT fkc.relname || '.' || fka.attname FROM pg_attribute AS fka JOIN pg_class AS fkc ON fka.attrelid = fkc.oid WHERE fka.attrelid = c.confrelid AND fka.attnum = c.confkey[1]), cl.reloptions FROM pg_constraint AS c JOIN pg_class AS cl ON c.conrelid = cl.oid WHERE cl.relname = 'line' AND pg_catalog.pg_table_is_visible(cl.oid);

-- information_schema
select table_name, table_type from information_schema.tables where table_schema = 'public' order by 1;

select column_name, ordinal_position, column_default, is_nullable, data_type, character_maximum_length, numeric_precision, numeric_scale, datetime_precision, udt_name from information_schema.columns where table_schema = 'public' and table_name = 'account' order by ordinal_position;

select column_name, data_type, udt_name, is_nullable from information_schema.columns where table_name = 'line' order by ordinal_position;

select constraint_name, table_name, constraint_type from information_schema.table_constraints where table_schema = 'public' and constraint_type <> 'CHECK' order by 1;

select tc.table_name, kcu.column_name, kcu.ordinal_position from information_schema.table_constraints tc join information_schema.key_column_usage kcu using (constraint_name, table_schema) where tc.constraint_type = 'PRIMARY KEY' and tc.table_schema = 'public' order by 1, 3;

select schema_name from information_schema.schemata where schema_name not like 'pg_toast%' order by 1;

select count(*) from information_schema.columns where table_schema = 'pg_catalog' and table_name = 'pg_class';

select table_name from information_schema.views where table_schema = 'public';

select table_name, column_name from information_schema.constraint_column_usage where table_schema = 'public' order by 1, 2;

-- plain questions
select tablename, hasindexes from pg_tables where schemaname = 'public' order by 1;

select indexname, indexdef from pg_indexes where schemaname = 'public' order by 1;

select relname, relkind, relnatts, relchecks, relhasindex from pg_class where relnamespace = 'public'::regnamespace order by relname;

select 'account'::regclass, 'public.account'::regclass, 'pg_catalog.pg_class'::regclass::oid, 'int4'::regtype, 'character varying'::regtype, 'timestamptz'::regtype::oid, 'pg_catalog'::regnamespace;

select to_regclass('account'), to_regclass('nope'), to_regtype('nope'), to_regtype('text[]'), to_regnamespace('nope');

select 'nope'::regclass;

select 'nope'::regtype;

select format_type(23, -1), format_type(1184, null), format_type(1009, -1), format_type(1043, -1), format_type(0, null), format_type(null, 1), format_type(999999, null);

select current_database(), current_user, session_user, current_catalog, current_schema, current_schema(), current_schemas(true), current_schemas(false), user;

select pg_typeof(1), pg_typeof('x'), pg_typeof(null::text), pg_typeof(now()), pg_typeof(array[1]), pg_typeof(1.5), pg_typeof('x'::name);

select quote_ident('a b'), quote_ident('select'), quote_ident('plain'), quote_ident('Upper'), quote_ident('a"b'), quote_ident(null);

select pg_size_pretty(0::bigint), pg_size_pretty(10239::bigint), pg_size_pretty(10240::bigint), pg_size_pretty(123456789::bigint), pg_size_pretty(-123456789::bigint), pg_size_pretty(99999999999999::bigint);

select current_setting('server_encoding'), current_setting('nope', true), current_setting('standard_conforming_strings');

select current_setting('nope');

select pg_encoding_to_char(6), pg_char_to_encoding('UTF8'), getdatabaseencoding();

select oid, typname, typlen, typbyval, typcategory, typispreferred, typdelim, typelem, typarray, typalign, typstorage, typcollation from pg_type where typname in ('text', 'int4', 'bool', 'jsonb', 'uuid', '_text', 'timestamptz') order by oid;

select amname from pg_am order by oid;

select count(*) from pg_class where relnamespace = 11 and relkind in ('r', 'v');

select attname, atttypid::regtype, attnum from pg_attribute where attrelid = 'pg_index'::regclass and attnum > 0 order by attnum;

select a.attname, i.indkey, i.indkey[0], a.attnum = any(i.indkey) from pg_index i join pg_attribute a on a.attrelid = i.indrelid where i.indrelid = 'line'::regclass and a.attnum > 0 order by 1;

select conname, conkey, contype from pg_constraint where conrelid = 'account'::regclass order by 1;

select * from pg_stat_replication;

select * from pg_publication_tables;

select usename, application_name, state from pg_stat_subscription, pg_user where false;

select nope from pg_class;

select * from pg_catalog.nope;

select * from information_schema.nope;
