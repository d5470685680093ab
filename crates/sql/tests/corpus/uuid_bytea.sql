-- uuid and bytea.

select id, raw from doc order by id;

select id from doc where id = 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11';

select id from doc where id > 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11' order by id desc;

select id from doc where id = 'nope';

select raw from doc order by raw nulls first;

select raw from doc where raw = '\x00';

select length(raw), octet_length(raw), raw || '\x01', raw < '\x01' from doc order by id;

select raw || raw, encode(raw, 'hex') from doc order by id;

select distinct raw is null from doc order by 1;

select count(distinct raw), count(raw), count(distinct id) from doc;

select 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid = 'A0EEBC999C0B4EF8BB6D6BB9BD380A11'::uuid;

select id || 'x' from doc order by id limit 1;

select id = 'x'::text from doc;

select raw = 'abc'::text from doc;

select upper(id) from doc;

select upper(id::text) from doc order by id;

select nullif(raw, '\x00'), coalesce(raw, 'none'::bytea) from doc order by id;

-- refused: chance
select gen_random_uuid();

-- refused
select substring(raw from 1 for 1) from doc;

-- refused
select sha256(raw) from doc;
