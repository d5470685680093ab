-- Arithmetic of every pair of numbers: types, overflow, division by zero, nulls.

select (3::smallint) + (3::smallint);

select (3::smallint) + (-7);

select (3::smallint) + (2147483647);

select (3::smallint) + (10::bigint);

select (3::smallint) + (-9223372036854775808);

select (3::smallint) + (2.5);

select (3::smallint) + (0.1::float8);

select (3::smallint) + (null::int);

select (3::smallint) + (0);

select (3::smallint) + (0.0);

select (3::smallint) + (0::float8);

select (-7) + (3::smallint);

select (-7) + (-7);

select (-7) + (2147483647);

select (-7) + (10::bigint);

select (-7) + (-9223372036854775808);

select (-7) + (2.5);

select (-7) + (0.1::float8);

select (-7) + (null::int);

select (-7) + (0);

select (-7) + (0.0);

select (-7) + (0::float8);

select (2147483647) + (3::smallint);

select (2147483647) + (-7);

select (2147483647) + (2147483647);

select (2147483647) + (10::bigint);

select (2147483647) + (-9223372036854775808);

select (2147483647) + (2.5);

select (2147483647) + (0.1::float8);

select (2147483647) + (null::int);

select (2147483647) + (0);

select (2147483647) + (0.0);

select (2147483647) + (0::float8);

select (10::bigint) + (3::smallint);

select (10::bigint) + (-7);

select (10::bigint) + (2147483647);

select (10::bigint) + (10::bigint);

select (10::bigint) + (-9223372036854775808);

select (10::bigint) + (2.5);

select (10::bigint) + (0.1::float8);

select (10::bigint) + (null::int);

select (10::bigint) + (0);

select (10::bigint) + (0.0);

select (10::bigint) + (0::float8);

select (-9223372036854775808) + (3::smallint);

select (-9223372036854775808) + (-7);

select (-9223372036854775808) + (2147483647);

select (-9223372036854775808) + (10::bigint);

select (-9223372036854775808) + (-9223372036854775808);

select (-9223372036854775808) + (2.5);

select (-9223372036854775808) + (0.1::float8);

select (-9223372036854775808) + (null::int);

select (-9223372036854775808) + (0);

select (-9223372036854775808) + (0.0);

select (-9223372036854775808) + (0::float8);

select (2.5) + (3::smallint);

select (2.5) + (-7);

select (2.5) + (2147483647);

select (2.5) + (10::bigint);

select (2.5) + (-9223372036854775808);

select (2.5) + (2.5);

select (2.5) + (0.1::float8);

select (2.5) + (null::int);

select (2.5) + (0);

select (2.5) + (0.0);

select (2.5) + (0::float8);

select (0.1::float8) + (3::smallint);

select (0.1::float8) + (-7);

select (0.1::float8) + (2147483647);

select (0.1::float8) + (10::bigint);

select (0.1::float8) + (-9223372036854775808);

select (0.1::float8) + (2.5);

select (0.1::float8) + (0.1::float8);

select (0.1::float8) + (null::int);

select (0.1::float8) + (0);

select (0.1::float8) + (0.0);

select (0.1::float8) + (0::float8);

select (null::int) + (3::smallint);

select (null::int) + (-7);

select (null::int) + (2147483647);

select (null::int) + (10::bigint);

select (null::int) + (-9223372036854775808);

select (null::int) + (2.5);

select (null::int) + (0.1::float8);

select (null::int) + (null::int);

select (null::int) + (0);

select (null::int) + (0.0);

select (null::int) + (0::float8);

select (3::smallint) - (3::smallint);

select (3::smallint) - (-7);

select (3::smallint) - (2147483647);

select (3::smallint) - (10::bigint);

select (3::smallint) - (-9223372036854775808);

select (3::smallint) - (2.5);

select (3::smallint) - (0.1::float8);

select (3::smallint) - (null::int);

select (3::smallint) - (0);

select (3::smallint) - (0.0);

select (3::smallint) - (0::float8);

select (-7) - (3::smallint);

select (-7) - (-7);

select (-7) - (2147483647);

select (-7) - (10::bigint);

select (-7) - (-9223372036854775808);

select (-7) - (2.5);

select (-7) - (0.1::float8);

select (-7) - (null::int);

select (-7) - (0);

select (-7) - (0.0);

select (-7) - (0::float8);

select (2147483647) - (3::smallint);

select (2147483647) - (-7);

select (2147483647) - (2147483647);

select (2147483647) - (10::bigint);

select (2147483647) - (-9223372036854775808);

select (2147483647) - (2.5);

select (2147483647) - (0.1::float8);

select (2147483647) - (null::int);

select (2147483647) - (0);

select (2147483647) - (0.0);

select (2147483647) - (0::float8);

select (10::bigint) - (3::smallint);

select (10::bigint) - (-7);

select (10::bigint) - (2147483647);

select (10::bigint) - (10::bigint);

select (10::bigint) - (-9223372036854775808);

select (10::bigint) - (2.5);

select (10::bigint) - (0.1::float8);

select (10::bigint) - (null::int);

select (10::bigint) - (0);

select (10::bigint) - (0.0);

select (10::bigint) - (0::float8);

select (-9223372036854775808) - (3::smallint);

select (-9223372036854775808) - (-7);

select (-9223372036854775808) - (2147483647);

select (-9223372036854775808) - (10::bigint);

select (-9223372036854775808) - (-9223372036854775808);

select (-9223372036854775808) - (2.5);

select (-9223372036854775808) - (0.1::float8);

select (-9223372036854775808) - (null::int);

select (-9223372036854775808) - (0);

select (-9223372036854775808) - (0.0);

select (-9223372036854775808) - (0::float8);

select (2.5) - (3::smallint);

select (2.5) - (-7);

select (2.5) - (2147483647);

select (2.5) - (10::bigint);

select (2.5) - (-9223372036854775808);

select (2.5) - (2.5);

select (2.5) - (0.1::float8);

select (2.5) - (null::int);

select (2.5) - (0);

select (2.5) - (0.0);

select (2.5) - (0::float8);

select (0.1::float8) - (3::smallint);

select (0.1::float8) - (-7);

select (0.1::float8) - (2147483647);

select (0.1::float8) - (10::bigint);

select (0.1::float8) - (-9223372036854775808);

select (0.1::float8) - (2.5);

select (0.1::float8) - (0.1::float8);

select (0.1::float8) - (null::int);

select (0.1::float8) - (0);

select (0.1::float8) - (0.0);

select (0.1::float8) - (0::float8);

select (null::int) - (3::smallint);

select (null::int) - (-7);

select (null::int) - (2147483647);

select (null::int) - (10::bigint);

select (null::int) - (-9223372036854775808);

select (null::int) - (2.5);

select (null::int) - (0.1::float8);

select (null::int) - (null::int);

select (null::int) - (0);

select (null::int) - (0.0);

select (null::int) - (0::float8);

select (3::smallint) * (3::smallint);

select (3::smallint) * (-7);

select (3::smallint) * (2147483647);

select (3::smallint) * (10::bigint);

select (3::smallint) * (-9223372036854775808);

select (3::smallint) * (2.5);

select (3::smallint) * (0.1::float8);

select (3::smallint) * (null::int);

select (3::smallint) * (0);

select (3::smallint) * (0.0);

select (3::smallint) * (0::float8);

select (-7) * (3::smallint);

select (-7) * (-7);

select (-7) * (2147483647);

select (-7) * (10::bigint);

select (-7) * (-9223372036854775808);

select (-7) * (2.5);

select (-7) * (0.1::float8);

select (-7) * (null::int);

select (-7) * (0);

select (-7) * (0.0);

select (-7) * (0::float8);

select (2147483647) * (3::smallint);

select (2147483647) * (-7);

select (2147483647) * (2147483647);

select (2147483647) * (10::bigint);

select (2147483647) * (-9223372036854775808);

select (2147483647) * (2.5);

select (2147483647) * (0.1::float8);

select (2147483647) * (null::int);

select (2147483647) * (0);

select (2147483647) * (0.0);

select (2147483647) * (0::float8);

select (10::bigint) * (3::smallint);

select (10::bigint) * (-7);

select (10::bigint) * (2147483647);

select (10::bigint) * (10::bigint);

select (10::bigint) * (-9223372036854775808);

select (10::bigint) * (2.5);

select (10::bigint) * (0.1::float8);

select (10::bigint) * (null::int);

select (10::bigint) * (0);

select (10::bigint) * (0.0);

select (10::bigint) * (0::float8);

select (-9223372036854775808) * (3::smallint);

select (-9223372036854775808) * (-7);

select (-9223372036854775808) * (2147483647);

select (-9223372036854775808) * (10::bigint);

select (-9223372036854775808) * (-9223372036854775808);

select (-9223372036854775808) * (2.5);

select (-9223372036854775808) * (0.1::float8);

select (-9223372036854775808) * (null::int);

select (-9223372036854775808) * (0);

select (-9223372036854775808) * (0.0);

select (-9223372036854775808) * (0::float8);

select (2.5) * (3::smallint);

select (2.5) * (-7);

select (2.5) * (2147483647);

select (2.5) * (10::bigint);

select (2.5) * (-9223372036854775808);

select (2.5) * (2.5);

select (2.5) * (0.1::float8);

select (2.5) * (null::int);

select (2.5) * (0);

select (2.5) * (0.0);

select (2.5) * (0::float8);

select (0.1::float8) * (3::smallint);

select (0.1::float8) * (-7);

select (0.1::float8) * (2147483647);

select (0.1::float8) * (10::bigint);

select (0.1::float8) * (-9223372036854775808);

select (0.1::float8) * (2.5);

select (0.1::float8) * (0.1::float8);

select (0.1::float8) * (null::int);

select (0.1::float8) * (0);

select (0.1::float8) * (0.0);

select (0.1::float8) * (0::float8);

select (null::int) * (3::smallint);

select (null::int) * (-7);

select (null::int) * (2147483647);

select (null::int) * (10::bigint);

select (null::int) * (-9223372036854775808);

select (null::int) * (2.5);

select (null::int) * (0.1::float8);

select (null::int) * (null::int);

select (null::int) * (0);

select (null::int) * (0.0);

select (null::int) * (0::float8);

select (3::smallint) / (3::smallint);

select (3::smallint) / (-7);

select (3::smallint) / (2147483647);

select (3::smallint) / (10::bigint);

select (3::smallint) / (-9223372036854775808);

select (3::smallint) / (2.5);

select (3::smallint) / (0.1::float8);

select (3::smallint) / (null::int);

select (3::smallint) / (0);

select (3::smallint) / (0.0);

select (3::smallint) / (0::float8);

select (-7) / (3::smallint);

select (-7) / (-7);

select (-7) / (2147483647);

select (-7) / (10::bigint);

select (-7) / (-9223372036854775808);

select (-7) / (2.5);

select (-7) / (0.1::float8);

select (-7) / (null::int);

select (-7) / (0);

select (-7) / (0.0);

select (-7) / (0::float8);

select (2147483647) / (3::smallint);

select (2147483647) / (-7);

select (2147483647) / (2147483647);

select (2147483647) / (10::bigint);

select (2147483647) / (-9223372036854775808);

select (2147483647) / (2.5);

select (2147483647) / (0.1::float8);

select (2147483647) / (null::int);

select (2147483647) / (0);

select (2147483647) / (0.0);

select (2147483647) / (0::float8);

select (10::bigint) / (3::smallint);

select (10::bigint) / (-7);

select (10::bigint) / (2147483647);

select (10::bigint) / (10::bigint);

select (10::bigint) / (-9223372036854775808);

select (10::bigint) / (2.5);

select (10::bigint) / (0.1::float8);

select (10::bigint) / (null::int);

select (10::bigint) / (0);

select (10::bigint) / (0.0);

select (10::bigint) / (0::float8);

select (-9223372036854775808) / (3::smallint);

select (-9223372036854775808) / (-7);

select (-9223372036854775808) / (2147483647);

select (-9223372036854775808) / (10::bigint);

select (-9223372036854775808) / (-9223372036854775808);

select (-9223372036854775808) / (2.5);

select (-9223372036854775808) / (0.1::float8);

select (-9223372036854775808) / (null::int);

select (-9223372036854775808) / (0);

select (-9223372036854775808) / (0.0);

select (-9223372036854775808) / (0::float8);

select (2.5) / (3::smallint);

select (2.5) / (-7);

select (2.5) / (2147483647);

select (2.5) / (10::bigint);

select (2.5) / (-9223372036854775808);

select (2.5) / (2.5);

select (2.5) / (0.1::float8);

select (2.5) / (null::int);

select (2.5) / (0);

select (2.5) / (0.0);

select (2.5) / (0::float8);

select (0.1::float8) / (3::smallint);

select (0.1::float8) / (-7);

select (0.1::float8) / (2147483647);

select (0.1::float8) / (10::bigint);

select (0.1::float8) / (-9223372036854775808);

select (0.1::float8) / (2.5);

select (0.1::float8) / (0.1::float8);

select (0.1::float8) / (null::int);

select (0.1::float8) / (0);

select (0.1::float8) / (0.0);

select (0.1::float8) / (0::float8);

select (null::int) / (3::smallint);

select (null::int) / (-7);

select (null::int) / (2147483647);

select (null::int) / (10::bigint);

select (null::int) / (-9223372036854775808);

select (null::int) / (2.5);

select (null::int) / (0.1::float8);

select (null::int) / (null::int);

select (null::int) / (0);

select (null::int) / (0.0);

select (null::int) / (0::float8);

select (3::smallint) % (3::smallint);

select (3::smallint) % (-7);

select (3::smallint) % (2147483647);

select (3::smallint) % (10::bigint);

select (3::smallint) % (-9223372036854775808);

select (3::smallint) % (2.5);

-- refused, 42883
select (3::smallint) % (0.1::float8);

select (3::smallint) % (null::int);

select (3::smallint) % (0);

select (3::smallint) % (0.0);

-- refused, 42883
select (3::smallint) % (0::float8);

select (-7) % (3::smallint);

select (-7) % (-7);

select (-7) % (2147483647);

select (-7) % (10::bigint);

select (-7) % (-9223372036854775808);

select (-7) % (2.5);

select (-7) % (0.1::float8);

select (-7) % (null::int);

select (-7) % (0);

select (-7) % (0.0);

select (-7) % (0::float8);

select (2147483647) % (3::smallint);

select (2147483647) % (-7);

select (2147483647) % (2147483647);

select (2147483647) % (10::bigint);

select (2147483647) % (-9223372036854775808);

select (2147483647) % (2.5);

select (2147483647) % (0.1::float8);

select (2147483647) % (null::int);

select (2147483647) % (0);

select (2147483647) % (0.0);

select (2147483647) % (0::float8);

select (10::bigint) % (3::smallint);

select (10::bigint) % (-7);

select (10::bigint) % (2147483647);

select (10::bigint) % (10::bigint);

select (10::bigint) % (-9223372036854775808);

select (10::bigint) % (2.5);

select (10::bigint) % (0.1::float8);

select (10::bigint) % (null::int);

select (10::bigint) % (0);

select (10::bigint) % (0.0);

select (10::bigint) % (0::float8);

select (-9223372036854775808) % (3::smallint);

select (-9223372036854775808) % (-7);

select (-9223372036854775808) % (2147483647);

select (-9223372036854775808) % (10::bigint);

select (-9223372036854775808) % (-9223372036854775808);

select (-9223372036854775808) % (2.5);

select (-9223372036854775808) % (0.1::float8);

select (-9223372036854775808) % (null::int);

select (-9223372036854775808) % (0);

select (-9223372036854775808) % (0.0);

select (-9223372036854775808) % (0::float8);

select (2.5) % (3::smallint);

select (2.5) % (-7);

select (2.5) % (2147483647);

select (2.5) % (10::bigint);

select (2.5) % (-9223372036854775808);

select (2.5) % (2.5);

select (2.5) % (0.1::float8);

select (2.5) % (null::int);

select (2.5) % (0);

select (2.5) % (0.0);

select (2.5) % (0::float8);

-- refused, 42883
select (0.1::float8) % (3::smallint);

select (0.1::float8) % (-7);

select (0.1::float8) % (2147483647);

select (0.1::float8) % (10::bigint);

select (0.1::float8) % (-9223372036854775808);

select (0.1::float8) % (2.5);

select (0.1::float8) % (0.1::float8);

select (0.1::float8) % (null::int);

select (0.1::float8) % (0);

select (0.1::float8) % (0.0);

select (0.1::float8) % (0::float8);

select (null::int) % (3::smallint);

select (null::int) % (-7);

select (null::int) % (2147483647);

select (null::int) % (10::bigint);

select (null::int) % (-9223372036854775808);

select (null::int) % (2.5);

select (null::int) % (0.1::float8);

select (null::int) % (null::int);

select (null::int) % (0);

select (null::int) % (0.0);

select (null::int) % (0::float8);

select (32767::smallint) + 1;

select (32767::smallint) - 1;

select (32767::smallint) * 2;

select -((32767::smallint));

select abs((32767::smallint));

select (32767::smallint) + (32767::smallint);

select (32767::smallint) / -1;

select (32767::smallint) % -1;

select (32767::smallint) * (32767::smallint);

select (-32768::smallint) + 1;

select (-32768::smallint) - 1;

select (-32768::smallint) * 2;

select -((-32768::smallint));

select abs((-32768::smallint));

select (-32768::smallint) + (-32768::smallint);

select (-32768::smallint) / -1;

select (-32768::smallint) % -1;

select (-32768::smallint) * (-32768::smallint);

select (2147483647) + 1;

select (2147483647) - 1;

select (2147483647) * 2;

select -((2147483647));

select abs((2147483647));

select (2147483647) / -1;

select (2147483647) % -1;

select (-2147483648) + 1;

select (-2147483648) - 1;

select (-2147483648) * 2;

select -((-2147483648));

select abs((-2147483648));

select (-2147483648) + (-2147483648);

select (-2147483648) / -1;

select (-2147483648) % -1;

select (-2147483648) * (-2147483648);

select (9223372036854775807) + 1;

select (9223372036854775807) - 1;

select (9223372036854775807) * 2;

select -((9223372036854775807));

select abs((9223372036854775807));

select (9223372036854775807) + (9223372036854775807);

select (9223372036854775807) / -1;

select (9223372036854775807) % -1;

select (9223372036854775807) * (9223372036854775807);

select (-9223372036854775808) + 1;

select (-9223372036854775808) - 1;

select (-9223372036854775808) * 2;

select -((-9223372036854775808));

select abs((-9223372036854775808));

select (-9223372036854775808) / -1;

select (-9223372036854775808) % -1;

select (1e308::float8) + 1;

select (1e308::float8) - 1;

select (1e308::float8) * 2;

select -((1e308::float8));

select abs((1e308::float8));

select (1e308::float8) + (1e308::float8);

select (1e308::float8) / -1;

select (1e308::float8) % -1;

select (1e308::float8) * (1e308::float8);

