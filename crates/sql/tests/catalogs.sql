-- What applications ask the catalogs, in the form of the corpus. `{account}` is the number of that
-- table. After `-- only answers` the columns must agree and not the rows.

-- types by number and by name
select k.typname as kind, k.typtype, k.typelem as element, k.typbasetype as base, s.nspname as schema, g.rngsubtype as range_of
from pg_type k join pg_namespace s on s.oid = k.typnamespace left join pg_range g on g.rngtypid = k.oid
where k.oid in (25, 1009, 3802, 3904, 3906) order by k.oid;

select k.oid, k.oid::text, k.typcategory, k.typrelid from pg_type k where k.typname ilike 'TIMESTAMPTZ' or k.oid = 1185 order by 1;

select typname, typarray from pg_type where typname in ('text', 'uuid', 'int8', 'jsonb') and typtype = 'b' order by typname;

select typname, typinput = 'pg_catalog.array_in'::regproc as takes_many from pg_type where oid in (20, 1007, 1016) order by oid;

select count(*) from pg_type k, pg_namespace s where s.oid = k.typnamespace and k.typtype = 'r';

select enumlabel from pg_enum where enumtypid = '{account}' order by enumsortorder;

-- columns of a table
select attnum, attname, atttypid from pg_attribute where attrelid = {account} and attnum > 0 and not attisdropped order by attnum;

select not attnotnull as may_be_null from pg_attribute where attrelid = '{account}'::oid and attnum in (2, 3) order by attnum;

select f.attname, format_type(f.atttypid, f.atttypmod) as kind, pg_get_expr(v.adbin, v.adrelid) as default, f.attnotnull, o.collname, col_description(f.attrelid, f.attnum), f.attidentity, f.attgenerated
from pg_attribute f
join pg_type k on k.oid = f.atttypid
left join pg_attrdef v on v.adrelid = f.attrelid and v.adnum = f.attnum
left join pg_collation o on o.oid = f.attcollation and o.oid <> k.typcollation
where f.attrelid = 'public."account"'::regclass and f.attnum >= 1 order by f.attnum;

-- keys and constraints
select f.attname
from (select indexrelid, indrelid, indkey, generate_subscripts(indkey, 1) as place from pg_index where indisprimary and indrelid = 'line'::regclass) x
join pg_attribute f on f.attrelid = x.indrelid and f.attnum = x.indkey[x.place]
order by x.place;

select k.conname, k.contype, t.reloptions, array(
    select f.attname from unnest(k.conkey) with ordinality as part(number, place)
    join pg_attribute f on f.attnum = part.number and f.attrelid = k.conrelid order by part.place) as columns
from pg_constraint k join pg_class t on t.oid = k.conrelid
where t.relname in ('account', 'line') and pg_table_is_visible(t.oid) order by 1;

select (select h.relname || '.' || f.attname from pg_class h, pg_attribute f
    where h.oid = k.confrelid and f.attrelid = h.oid and f.attnum = k.confkey[1]) as points_to
from pg_constraint k where k.conrelid = 'account'::regclass order by k.conname;

-- tables
select t.relname, case when t.relispartition then 'part' when t.relkind = any (array['v', 'm']) then 'view' else 'table' end as sort, obj_description(t.oid, 'pg_class') as remark
from pg_class t left join pg_namespace s on s.oid = t.relnamespace
where t.relkind in ('r', 'p', 'f', 'v', 'm') and s.nspname not in ('information_schema', 'pg_catalog', 'pg_toast') and pg_table_is_visible(t.oid) order by 1;

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

-- what is there and what is not
select oid, pg_collation_is_visible(oid) from (values (100::oid), (950), (951), (5000), (12341)) v(oid) order by 1;

select format_type(23, null), format_type(0, null), format_type(1, null), format_type(null, 1), format_type(1009, -1);
