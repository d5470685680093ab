-- What psql says is compared with session.txt.
\echo * who and where
select 1 as one;
show headwater.position;
\echo * appending
insert into event (id, stream, type, data, tags, expected_revision) values
  ('01980000-0000-7000-8000-000000000001', 'account/ada', 'AccountOpened', '{"email": "ada@example.org"}', '["vip"]', 0),
  ('01980000-0000-7000-8000-000000000002', 'account/bob', 'AccountOpened', '{"email": "bob@example.org", "name": "Bob"}', null, 0)
  returning position, revision, stream;
insert into event (stream, type, data) values ('account/ada', 'Renamed', '{"name": "Ada"}');
insert into event (stream, type, expected_revision) values ('account/bob', 'Renamed', 0);
update account set name = 'Eve';
\echo * reading
select id, email, name from account order by id;
select id, name from account where id = :'name';
show headwater.position;
\echo * describing
\d
\dt
\d account
\d event
\dn
\df
\du
\l
\conninfo
\echo * as of then
set headwater.at = '1';
select id from account;
insert into event (type) values ('Lost');
reset headwater.at;
\echo * errors have a place
select id, nothing from account;
selec 1;
select 1 / 0;
\echo * transactions
begin;
insert into event (stream, type, data) values ('account/eve', 'AccountOpened', '{"email": "e"}');
savepoint a;
insert into event (stream, type) values ('account/eve', 'Lost');
select nothing;
select 1;
rollback to a;
commit;
commit;
select id from account where id > 'b' order by id;
\echo * copy
copy (select id, name, email from account order by id) to stdout;
copy (select id, name, email from account order by id) to stdout (format csv, header, null '-');
\echo * a cursor
begin;
declare c cursor for select position from event order by position;
fetch 2 from c;
move 1 from c;
fetch all from c;
close c;
rollback;
\echo * prepared
prepare one (text) as select email from account where id = $1;
execute one ('bob');
deallocate one;
execute one ('bob');
\echo * settings
set statement_timeout = '20ms';
with recursive t (n) as (select 1 union all select n + 1 from t where n < 2000000000) select count(*) from t;
set timezone = 'Europe/Berlin';
show nothing;
discard all;
show statement_timeout;
