-- Arithmetic, comparison, null and logic.

select 1 + 2 * 3 - 4;

select 7 / 2, -7 / 2, 7 / -2, 7 % 3, -7 % 3, 7 % -3;

select 1 / 0;

select 1 % 0;

select a / 0 from t;

select a / 0 from t where false;

select 1.0 / 0;

select 1::float8 / 0;

select 2147483647 + 1;

select a + 1 from t where a = 2147483647;

select b - 1 from t where a = 2147483647;

select -b from t where a = 2147483647;

select abs(b) from t where a = 2147483647;

select a * 2 from t where a = 2147483647;

select (-2147483648) / -1;

select b / -1 from t where a = 2147483647;

select b % -1 from t where a = 2147483647;

select -2147483648, -9223372036854775808;

select 2147483648, 9223372036854775807, 9223372036854775808;

select total + 1 from orders where id = 14;

select total * 2 from orders where id = 14;

select -total - 2 from orders where id = 14;

select id + customer_id, id * 2, customer_id * 3::bigint from orders order by id;

select 0.1 + 0.2, 1.50 * 2, 10 / 4.0, 1.0 / 3, 2.0 - 2;

select 100000.0 / 3, 1 / 30000.0, 0.001 / 7, 123456789.123 / 0.0007;

select 7.5 % 2, -7.5 % 2, 5 % 0.3;

select 0.1::float8 + 0.2::float8, 1e308::float8 * 1, 1::float8 / 3;

select 1e308::float8 * 10;

select 1e-308::float8 / 1e300;

select 1e-200::float8 * 1e-200;

select 'Infinity'::float8 - 1, -('Infinity'::float8);

-- refused: NaN is not in the language
select 'Infinity'::float8 - 'Infinity'::float8;

-- refused: NaN is not in the language
select 'NaN'::float8;

select balance * 2, balance + 1, balance / 3, -balance from customer order by id;

select price * qty from item order by order_id, line;

select 2 ^ 10, 2::float8 ^ 0.5, 4 ^ -1;

select 0::float8 ^ -1;

select (-8)::float8 ^ (1.0::float8 / 3);

select 5 & 3, 5 | 3, 5 # 3, 1 << 4, 256 >> 4, -1 >> 1;

-- refused
select ~5;

select 1 << 31, 1 << 33, 1::bigint << 40;

select abs(-5), abs(-5.5), abs((-5.5)::float8), sign(-2.5), sign(0::float8), sign(3);

select round(2.5), round(3.5), round(-2.5), round(2.567, 2), round(1234.5, -2), round(2.5, 3);

select round(2.5::float8), round(3.5::float8), round((-2.5)::float8), round(0.5::float8), round(7);

select ceil(1.2), ceil(-1.2), floor(1.8), floor(-1.8), ceiling(2.0), ceil(1.2::float8), floor((-1.2)::float8);

select trunc(1.9), trunc(-1.9), trunc(1.9876, 2), trunc(1999.5, -3), trunc((-1.9)::float8);

select sqrt(2), sqrt(16::float8), exp(1::float8), ln(2.5::float8), log(1000::float8);

select sqrt((-1)::float8);

select ln(0::float8);

select ln((-1)::float8);

select exp(1000::float8);

-- refused: the digits of numeric functions
select sqrt(2.0);

select power(2, 10), power(2::float8, 0.5::float8), mod(7, 3), mod(-7, 3), mod(7.5, 2);

select to_hex(255), to_hex(-1), to_hex(-1::bigint);

select 1 = 1.0, 1 < 2, 2 <> 2, 'a' < 'b', 1::bigint = 1, 0.1 = 0.1::float8, 1.10 = 1.1;

select 9007199254740993 = 9007199254740992::float8, 9007199254740993::bigint > 9007199254740992;

select 'a' < 'B', 'A' < 'a', 'Z' < 'é', 'é' < 'z', '' < 'a', 'ab' < 'abc';

select null = null, null <> 1, null is null, 1 is not null, null is distinct from null, 1 is distinct from null;

select a, b, a = b, a < b, a is distinct from b, a is not distinct from b from t;

select true and null, false and null, true or null, false or null, not null::boolean;

select a > 1 and b > 5, a > 1 or b > 5, not a > 1 from t;

select true is true, null is true, null is not true, false is false, null is false, null is unknown, true is not unknown;

select paid is true, paid is false, paid is unknown, paid is not true from orders;

select a between 1 and 2, a not between 1 and 2, 5 between 10 and 1 from t;

select a in (1, null), a not in (1, null), a in (1, 2) from t;

select 1 in (1.0, 2), 'a' in ('a', 'b'), null in (1), 1 in (null);

select case when a = 1 then 'one' when a > 1 then 'more' end from t;

select case a when 1 then 'one' when null then 'null' else 'other' end from t;

select case when false then 1 / 0 else 0 end;

select case when a is null then 1.5 else a end from t;

select case when true then 1 else 'x' end;

select case when 1 then 2 end;

select coalesce(null, null, 3), coalesce(a, b, 0), coalesce(c, 'none') from t;

select coalesce(a, 1 / 1.5) from t;

select coalesce(null, 'x'), coalesce(1, 'x'::text);

select nullif(1, 1), nullif(1, 2), nullif(null, 1), nullif('a', 'b'), nullif(1, 1.0);

select greatest(1, 2, null), least(3, null, 1), greatest(null, null), greatest('a', 'B'), least(1.5::float8, 1);

select greatest(a, b), least(a, b, 7) from t;

select greatest(date '2024-01-01', '2023-01-01'), least(true, false);

select 1 + 'x';

select 1 + '2';

select 'a' + 1;

select true + true;

select 1 = 'one';

select a = 'x' from t;

select c = 1 from t;

select 1 + null, null || 'x', null::int / 0;

select +5, -(-5), - 5.50, -a from t where a = 1;

select 10 - 3 - 2, 2 * 3 % 4, 1 + 2 || 'x', not true = false;

select 3 > 2 = true, 1 < 2 and 2 < 3 or false;

-- refused: an order of operators that wants parentheses
select 5 is null = false;

select current_setting('x');

-- refused, 42883
select no_such_function(1);

-- operators by their schema
select 1 operator(pg_catalog.+) 2, 1 operator(pg_catalog.=) 1, 'a' operator(pg_catalog.~) 'a', 1 operator(PG_CATALOG.<) 2;

-- refused, 3F000
select 1 operator(nope.+) 2;

-- refused, 42883
select 1 operator(public.=) 1;

-- refused, 42883
select 1 operator(public.=) any (array[1]);
