-- Parts and formats of timestamps and dates.

select date_trunc('microseconds', timestamptz '2024-02-29 13:45:56.789012+00');

select date_trunc('milliseconds', timestamptz '2024-02-29 13:45:56.789012+00');

select date_trunc('second', timestamptz '2024-02-29 13:45:56.789012+00');

select date_trunc('minute', timestamptz '2024-02-29 13:45:56.789012+00');

select date_trunc('hour', timestamptz '2024-02-29 13:45:56.789012+00');

select date_trunc('day', timestamptz '2024-02-29 13:45:56.789012+00');

select date_trunc('week', timestamptz '2024-02-29 13:45:56.789012+00');

select date_trunc('month', timestamptz '2024-02-29 13:45:56.789012+00');

select date_trunc('quarter', timestamptz '2024-02-29 13:45:56.789012+00');

select date_trunc('year', timestamptz '2024-02-29 13:45:56.789012+00');

select date_trunc('decade', timestamptz '2024-02-29 13:45:56.789012+00');

select date_trunc('century', timestamptz '2024-02-29 13:45:56.789012+00');

select date_trunc('millennium', timestamptz '2024-02-29 13:45:56.789012+00');

select extract(microseconds from timestamptz '2024-02-29 13:45:56.789012+00');

select date_part('microseconds', timestamptz '2024-02-29 13:45:56.789012+00');

select extract(milliseconds from timestamptz '2024-02-29 13:45:56.789012+00');

select date_part('milliseconds', timestamptz '2024-02-29 13:45:56.789012+00');

select extract(second from timestamptz '2024-02-29 13:45:56.789012+00');

select date_part('second', timestamptz '2024-02-29 13:45:56.789012+00');

select extract(minute from timestamptz '2024-02-29 13:45:56.789012+00');

select date_part('minute', timestamptz '2024-02-29 13:45:56.789012+00');

select extract(hour from timestamptz '2024-02-29 13:45:56.789012+00');

select date_part('hour', timestamptz '2024-02-29 13:45:56.789012+00');

select extract(day from timestamptz '2024-02-29 13:45:56.789012+00');

select date_part('day', timestamptz '2024-02-29 13:45:56.789012+00');

select extract(week from timestamptz '2024-02-29 13:45:56.789012+00');

select date_part('week', timestamptz '2024-02-29 13:45:56.789012+00');

select extract(month from timestamptz '2024-02-29 13:45:56.789012+00');

select date_part('month', timestamptz '2024-02-29 13:45:56.789012+00');

select extract(quarter from timestamptz '2024-02-29 13:45:56.789012+00');

select date_part('quarter', timestamptz '2024-02-29 13:45:56.789012+00');

select extract(year from timestamptz '2024-02-29 13:45:56.789012+00');

select date_part('year', timestamptz '2024-02-29 13:45:56.789012+00');

select extract(decade from timestamptz '2024-02-29 13:45:56.789012+00');

select date_part('decade', timestamptz '2024-02-29 13:45:56.789012+00');

select extract(century from timestamptz '2024-02-29 13:45:56.789012+00');

select date_part('century', timestamptz '2024-02-29 13:45:56.789012+00');

select extract(millennium from timestamptz '2024-02-29 13:45:56.789012+00');

select date_part('millennium', timestamptz '2024-02-29 13:45:56.789012+00');

select extract(dow from timestamptz '2024-02-29 13:45:56.789012+00');

select date_part('dow', timestamptz '2024-02-29 13:45:56.789012+00');

select extract(isodow from timestamptz '2024-02-29 13:45:56.789012+00');

select date_part('isodow', timestamptz '2024-02-29 13:45:56.789012+00');

select extract(doy from timestamptz '2024-02-29 13:45:56.789012+00');

select date_part('doy', timestamptz '2024-02-29 13:45:56.789012+00');

select extract(isoyear from timestamptz '2024-02-29 13:45:56.789012+00');

select date_part('isoyear', timestamptz '2024-02-29 13:45:56.789012+00');

select extract(epoch from timestamptz '2024-02-29 13:45:56.789012+00');

select date_part('epoch', timestamptz '2024-02-29 13:45:56.789012+00');

select extract(timezone from timestamptz '2024-02-29 13:45:56.789012+00');

select date_part('timezone', timestamptz '2024-02-29 13:45:56.789012+00');

-- refused
select extract(julian from timestamptz '2024-02-29 13:45:56.789012+00');

-- refused
select date_part('julian', timestamptz '2024-02-29 13:45:56.789012+00');

select extract(nope from timestamptz '2024-02-29 13:45:56.789012+00');

select date_part('nope', timestamptz '2024-02-29 13:45:56.789012+00');

select date_trunc('microseconds', timestamptz '2000-12-31 23:59:59.999999+00');

select date_trunc('milliseconds', timestamptz '2000-12-31 23:59:59.999999+00');

select date_trunc('second', timestamptz '2000-12-31 23:59:59.999999+00');

select date_trunc('minute', timestamptz '2000-12-31 23:59:59.999999+00');

select date_trunc('hour', timestamptz '2000-12-31 23:59:59.999999+00');

select date_trunc('day', timestamptz '2000-12-31 23:59:59.999999+00');

select date_trunc('week', timestamptz '2000-12-31 23:59:59.999999+00');

select date_trunc('month', timestamptz '2000-12-31 23:59:59.999999+00');

select date_trunc('quarter', timestamptz '2000-12-31 23:59:59.999999+00');

select date_trunc('year', timestamptz '2000-12-31 23:59:59.999999+00');

select date_trunc('decade', timestamptz '2000-12-31 23:59:59.999999+00');

select date_trunc('century', timestamptz '2000-12-31 23:59:59.999999+00');

select date_trunc('millennium', timestamptz '2000-12-31 23:59:59.999999+00');

select extract(microseconds from timestamptz '2000-12-31 23:59:59.999999+00');

select date_part('microseconds', timestamptz '2000-12-31 23:59:59.999999+00');

select extract(milliseconds from timestamptz '2000-12-31 23:59:59.999999+00');

select date_part('milliseconds', timestamptz '2000-12-31 23:59:59.999999+00');

select extract(second from timestamptz '2000-12-31 23:59:59.999999+00');

select date_part('second', timestamptz '2000-12-31 23:59:59.999999+00');

select extract(minute from timestamptz '2000-12-31 23:59:59.999999+00');

select date_part('minute', timestamptz '2000-12-31 23:59:59.999999+00');

select extract(hour from timestamptz '2000-12-31 23:59:59.999999+00');

select date_part('hour', timestamptz '2000-12-31 23:59:59.999999+00');

select extract(day from timestamptz '2000-12-31 23:59:59.999999+00');

select date_part('day', timestamptz '2000-12-31 23:59:59.999999+00');

select extract(week from timestamptz '2000-12-31 23:59:59.999999+00');

select date_part('week', timestamptz '2000-12-31 23:59:59.999999+00');

select extract(month from timestamptz '2000-12-31 23:59:59.999999+00');

select date_part('month', timestamptz '2000-12-31 23:59:59.999999+00');

select extract(quarter from timestamptz '2000-12-31 23:59:59.999999+00');

select date_part('quarter', timestamptz '2000-12-31 23:59:59.999999+00');

select extract(year from timestamptz '2000-12-31 23:59:59.999999+00');

select date_part('year', timestamptz '2000-12-31 23:59:59.999999+00');

select extract(decade from timestamptz '2000-12-31 23:59:59.999999+00');

select date_part('decade', timestamptz '2000-12-31 23:59:59.999999+00');

select extract(century from timestamptz '2000-12-31 23:59:59.999999+00');

select date_part('century', timestamptz '2000-12-31 23:59:59.999999+00');

select extract(millennium from timestamptz '2000-12-31 23:59:59.999999+00');

select date_part('millennium', timestamptz '2000-12-31 23:59:59.999999+00');

select extract(dow from timestamptz '2000-12-31 23:59:59.999999+00');

select date_part('dow', timestamptz '2000-12-31 23:59:59.999999+00');

select extract(isodow from timestamptz '2000-12-31 23:59:59.999999+00');

select date_part('isodow', timestamptz '2000-12-31 23:59:59.999999+00');

select extract(doy from timestamptz '2000-12-31 23:59:59.999999+00');

select date_part('doy', timestamptz '2000-12-31 23:59:59.999999+00');

select extract(isoyear from timestamptz '2000-12-31 23:59:59.999999+00');

select date_part('isoyear', timestamptz '2000-12-31 23:59:59.999999+00');

select extract(epoch from timestamptz '2000-12-31 23:59:59.999999+00');

select date_part('epoch', timestamptz '2000-12-31 23:59:59.999999+00');

select extract(timezone from timestamptz '2000-12-31 23:59:59.999999+00');

select date_part('timezone', timestamptz '2000-12-31 23:59:59.999999+00');

-- refused
select extract(julian from timestamptz '2000-12-31 23:59:59.999999+00');

-- refused
select date_part('julian', timestamptz '2000-12-31 23:59:59.999999+00');

select extract(nope from timestamptz '2000-12-31 23:59:59.999999+00');

select date_part('nope', timestamptz '2000-12-31 23:59:59.999999+00');

select date_trunc('microseconds', timestamptz '0099-01-01 00:00:00+00');

select date_trunc('milliseconds', timestamptz '0099-01-01 00:00:00+00');

select date_trunc('second', timestamptz '0099-01-01 00:00:00+00');

select date_trunc('minute', timestamptz '0099-01-01 00:00:00+00');

select date_trunc('hour', timestamptz '0099-01-01 00:00:00+00');

select date_trunc('day', timestamptz '0099-01-01 00:00:00+00');

select date_trunc('week', timestamptz '0099-01-01 00:00:00+00');

select date_trunc('month', timestamptz '0099-01-01 00:00:00+00');

select date_trunc('quarter', timestamptz '0099-01-01 00:00:00+00');

select date_trunc('year', timestamptz '0099-01-01 00:00:00+00');

select date_trunc('decade', timestamptz '0099-01-01 00:00:00+00');

select date_trunc('century', timestamptz '0099-01-01 00:00:00+00');

select date_trunc('millennium', timestamptz '0099-01-01 00:00:00+00');

select extract(microseconds from timestamptz '0099-01-01 00:00:00+00');

select date_part('microseconds', timestamptz '0099-01-01 00:00:00+00');

select extract(milliseconds from timestamptz '0099-01-01 00:00:00+00');

select date_part('milliseconds', timestamptz '0099-01-01 00:00:00+00');

select extract(second from timestamptz '0099-01-01 00:00:00+00');

select date_part('second', timestamptz '0099-01-01 00:00:00+00');

select extract(minute from timestamptz '0099-01-01 00:00:00+00');

select date_part('minute', timestamptz '0099-01-01 00:00:00+00');

select extract(hour from timestamptz '0099-01-01 00:00:00+00');

select date_part('hour', timestamptz '0099-01-01 00:00:00+00');

select extract(day from timestamptz '0099-01-01 00:00:00+00');

select date_part('day', timestamptz '0099-01-01 00:00:00+00');

select extract(week from timestamptz '0099-01-01 00:00:00+00');

select date_part('week', timestamptz '0099-01-01 00:00:00+00');

select extract(month from timestamptz '0099-01-01 00:00:00+00');

select date_part('month', timestamptz '0099-01-01 00:00:00+00');

select extract(quarter from timestamptz '0099-01-01 00:00:00+00');

select date_part('quarter', timestamptz '0099-01-01 00:00:00+00');

select extract(year from timestamptz '0099-01-01 00:00:00+00');

select date_part('year', timestamptz '0099-01-01 00:00:00+00');

select extract(decade from timestamptz '0099-01-01 00:00:00+00');

select date_part('decade', timestamptz '0099-01-01 00:00:00+00');

select extract(century from timestamptz '0099-01-01 00:00:00+00');

select date_part('century', timestamptz '0099-01-01 00:00:00+00');

select extract(millennium from timestamptz '0099-01-01 00:00:00+00');

select date_part('millennium', timestamptz '0099-01-01 00:00:00+00');

select extract(dow from timestamptz '0099-01-01 00:00:00+00');

select date_part('dow', timestamptz '0099-01-01 00:00:00+00');

select extract(isodow from timestamptz '0099-01-01 00:00:00+00');

select date_part('isodow', timestamptz '0099-01-01 00:00:00+00');

select extract(doy from timestamptz '0099-01-01 00:00:00+00');

select date_part('doy', timestamptz '0099-01-01 00:00:00+00');

select extract(isoyear from timestamptz '0099-01-01 00:00:00+00');

select date_part('isoyear', timestamptz '0099-01-01 00:00:00+00');

select extract(epoch from timestamptz '0099-01-01 00:00:00+00');

select date_part('epoch', timestamptz '0099-01-01 00:00:00+00');

select extract(timezone from timestamptz '0099-01-01 00:00:00+00');

select date_part('timezone', timestamptz '0099-01-01 00:00:00+00');

-- refused
select extract(julian from timestamptz '0099-01-01 00:00:00+00');

-- refused
select date_part('julian', timestamptz '0099-01-01 00:00:00+00');

select extract(nope from timestamptz '0099-01-01 00:00:00+00');

select date_part('nope', timestamptz '0099-01-01 00:00:00+00');

select date_trunc('microseconds', date '2021-01-03');

select date_trunc('milliseconds', date '2021-01-03');

select date_trunc('second', date '2021-01-03');

select date_trunc('minute', date '2021-01-03');

select date_trunc('hour', date '2021-01-03');

select date_trunc('day', date '2021-01-03');

select date_trunc('week', date '2021-01-03');

select date_trunc('month', date '2021-01-03');

select date_trunc('quarter', date '2021-01-03');

select date_trunc('year', date '2021-01-03');

select date_trunc('decade', date '2021-01-03');

select date_trunc('century', date '2021-01-03');

select date_trunc('millennium', date '2021-01-03');

select extract(microseconds from date '2021-01-03');

select date_part('microseconds', date '2021-01-03');

select extract(milliseconds from date '2021-01-03');

select date_part('milliseconds', date '2021-01-03');

select extract(second from date '2021-01-03');

select date_part('second', date '2021-01-03');

select extract(minute from date '2021-01-03');

select date_part('minute', date '2021-01-03');

select extract(hour from date '2021-01-03');

select date_part('hour', date '2021-01-03');

select extract(day from date '2021-01-03');

select date_part('day', date '2021-01-03');

select extract(week from date '2021-01-03');

select date_part('week', date '2021-01-03');

select extract(month from date '2021-01-03');

select date_part('month', date '2021-01-03');

select extract(quarter from date '2021-01-03');

select date_part('quarter', date '2021-01-03');

select extract(year from date '2021-01-03');

select date_part('year', date '2021-01-03');

select extract(decade from date '2021-01-03');

select date_part('decade', date '2021-01-03');

select extract(century from date '2021-01-03');

select date_part('century', date '2021-01-03');

select extract(millennium from date '2021-01-03');

select date_part('millennium', date '2021-01-03');

select extract(dow from date '2021-01-03');

select date_part('dow', date '2021-01-03');

select extract(isodow from date '2021-01-03');

select date_part('isodow', date '2021-01-03');

select extract(doy from date '2021-01-03');

select date_part('doy', date '2021-01-03');

select extract(isoyear from date '2021-01-03');

select date_part('isoyear', date '2021-01-03');

select extract(epoch from date '2021-01-03');

select date_part('epoch', date '2021-01-03');

select extract(timezone from date '2021-01-03');

select date_part('timezone', date '2021-01-03');

-- refused
select extract(julian from date '2021-01-03');

-- refused
select date_part('julian', date '2021-01-03');

select extract(nope from date '2021-01-03');

select date_part('nope', date '2021-01-03');

select to_char(timestamptz '2024-02-09 03:05:06.078901+00', 'YYYY-MM-DD');

select to_char(timestamptz '2024-02-09 03:05:06.078901+00', 'HH24:MI:SS');

select to_char(timestamptz '2024-02-09 03:05:06.078901+00', 'HH12:MI am');

select to_char(timestamptz '2024-02-09 03:05:06.078901+00', 'HH:MI PM');

select to_char(timestamptz '2024-02-09 03:05:06.078901+00', 'Mon DD, YYYY');

select to_char(timestamptz '2024-02-09 03:05:06.078901+00', 'Month');

select to_char(timestamptz '2024-02-09 03:05:06.078901+00', 'MONTH');

select to_char(timestamptz '2024-02-09 03:05:06.078901+00', 'Day');

select to_char(timestamptz '2024-02-09 03:05:06.078901+00', 'DY');

select to_char(timestamptz '2024-02-09 03:05:06.078901+00', 'dy');

select to_char(timestamptz '2024-02-09 03:05:06.078901+00', 'D');

select to_char(timestamptz '2024-02-09 03:05:06.078901+00', 'ID');

select to_char(timestamptz '2024-02-09 03:05:06.078901+00', 'DDD');

select to_char(timestamptz '2024-02-09 03:05:06.078901+00', 'WW');

select to_char(timestamptz '2024-02-09 03:05:06.078901+00', 'IW');

select to_char(timestamptz '2024-02-09 03:05:06.078901+00', 'W');

select to_char(timestamptz '2024-02-09 03:05:06.078901+00', 'Q');

select to_char(timestamptz '2024-02-09 03:05:06.078901+00', 'CC');

select to_char(timestamptz '2024-02-09 03:05:06.078901+00', 'YY');

select to_char(timestamptz '2024-02-09 03:05:06.078901+00', 'YYY');

select to_char(timestamptz '2024-02-09 03:05:06.078901+00', 'MS');

select to_char(timestamptz '2024-02-09 03:05:06.078901+00', 'US');

select to_char(timestamptz '2024-02-09 03:05:06.078901+00', 'TZ');

select to_char(timestamptz '2024-02-09 03:05:06.078901+00', 'OF');

select to_char(timestamptz '2024-02-09 03:05:06.078901+00', '"at" HH24');

select to_char(timestamptz '2024-02-09 03:05:06.078901+00', 'YYYYMMDD');

select to_char(timestamptz '2024-02-09 03:05:06.078901+00', 'YYYY"W"IW');

select to_char(timestamptz '2024-02-09 03:05:06.078901+00', 'DD/MM/YY');

-- refused
select to_char(timestamptz '2024-02-09 03:05:06.078901+00', 'FMMonth');

-- refused
select to_char(timestamptz '2024-02-09 03:05:06.078901+00', 'FMDD');

-- refused
select to_char(timestamptz '2024-02-09 03:05:06.078901+00', 'DDth');

-- refused
select to_char(timestamptz '2024-02-09 03:05:06.078901+00', 'J');

-- refused
select to_char(timestamptz '2024-02-09 03:05:06.078901+00', 'RM');

-- refused
select to_char(timestamptz '2024-02-09 03:05:06.078901+00', 'AD');

-- refused
select to_char(timestamptz '2024-02-09 03:05:06.078901+00', 'SSSS');

-- refused
select to_char(timestamptz '2024-02-09 03:05:06.078901+00', 'IYYY');

select to_char(timestamptz '2024-02-09 03:05:06.078901+00', '');

select to_char(timestamptz '2024-02-09 03:05:06.078901+00', '-');

select to_char(timestamptz '2024-02-09 03:05:06.078901+00', 'Dy');

select to_char(timestamptz '2024-02-09 03:05:06.078901+00', 'mon');

select to_char(timestamptz '2024-02-09 03:05:06.078901+00', 'month day');

select to_char(timestamptz '2024-02-09 03:05:06.078901+00', 'MI');

select to_char(timestamptz '2024-02-09 03:05:06.078901+00', 'SS.MS');

select to_char(timestamptz '2024-02-09 03:05:06.078901+00', 'SS.US');

select to_char(timestamptz '2024-02-09 03:05:06.078901+00', 'A.M.');

-- refused
select to_char(timestamptz '2024-02-09 03:05:06.078901+00', 'x');

select to_char(timestamptz '2024-02-09 03:05:06.078901+00', 'HH24MI');

select to_char(timestamptz '2024-02-09 03:05:06.078901+00', 'T');

select to_char(timestamptz '2024-02-09 03:05:06.078901+00', 'é');

select to_char(timestamptz '1999-12-31 23:59:59+00', 'YYYY-MM-DD');

select to_char(timestamptz '1999-12-31 23:59:59+00', 'HH24:MI:SS');

select to_char(timestamptz '1999-12-31 23:59:59+00', 'HH12:MI am');

select to_char(timestamptz '1999-12-31 23:59:59+00', 'HH:MI PM');

select to_char(timestamptz '1999-12-31 23:59:59+00', 'Mon DD, YYYY');

select to_char(timestamptz '1999-12-31 23:59:59+00', 'Month');

select to_char(timestamptz '1999-12-31 23:59:59+00', 'MONTH');

select to_char(timestamptz '1999-12-31 23:59:59+00', 'Day');

select to_char(timestamptz '1999-12-31 23:59:59+00', 'DY');

select to_char(timestamptz '1999-12-31 23:59:59+00', 'dy');

select to_char(timestamptz '1999-12-31 23:59:59+00', 'D');

select to_char(timestamptz '1999-12-31 23:59:59+00', 'ID');

select to_char(timestamptz '1999-12-31 23:59:59+00', 'DDD');

select to_char(timestamptz '1999-12-31 23:59:59+00', 'WW');

select to_char(timestamptz '1999-12-31 23:59:59+00', 'IW');

select to_char(timestamptz '1999-12-31 23:59:59+00', 'W');

select to_char(timestamptz '1999-12-31 23:59:59+00', 'Q');

select to_char(timestamptz '1999-12-31 23:59:59+00', 'CC');

select to_char(timestamptz '1999-12-31 23:59:59+00', 'YY');

select to_char(timestamptz '1999-12-31 23:59:59+00', 'YYY');

select to_char(timestamptz '1999-12-31 23:59:59+00', 'MS');

select to_char(timestamptz '1999-12-31 23:59:59+00', 'US');

select to_char(timestamptz '1999-12-31 23:59:59+00', 'TZ');

select to_char(timestamptz '1999-12-31 23:59:59+00', 'OF');

select to_char(timestamptz '1999-12-31 23:59:59+00', '"at" HH24');

select to_char(timestamptz '1999-12-31 23:59:59+00', 'YYYYMMDD');

select to_char(timestamptz '1999-12-31 23:59:59+00', 'YYYY"W"IW');

select to_char(timestamptz '1999-12-31 23:59:59+00', 'DD/MM/YY');

-- refused
select to_char(timestamptz '1999-12-31 23:59:59+00', 'FMMonth');

-- refused
select to_char(timestamptz '1999-12-31 23:59:59+00', 'FMDD');

-- refused
select to_char(timestamptz '1999-12-31 23:59:59+00', 'DDth');

-- refused
select to_char(timestamptz '1999-12-31 23:59:59+00', 'J');

-- refused
select to_char(timestamptz '1999-12-31 23:59:59+00', 'RM');

-- refused
select to_char(timestamptz '1999-12-31 23:59:59+00', 'AD');

-- refused
select to_char(timestamptz '1999-12-31 23:59:59+00', 'SSSS');

-- refused
select to_char(timestamptz '1999-12-31 23:59:59+00', 'IYYY');

select to_char(timestamptz '1999-12-31 23:59:59+00', '');

select to_char(timestamptz '1999-12-31 23:59:59+00', '-');

select to_char(timestamptz '1999-12-31 23:59:59+00', 'Dy');

select to_char(timestamptz '1999-12-31 23:59:59+00', 'mon');

select to_char(timestamptz '1999-12-31 23:59:59+00', 'month day');

select to_char(timestamptz '1999-12-31 23:59:59+00', 'MI');

select to_char(timestamptz '1999-12-31 23:59:59+00', 'SS.MS');

select to_char(timestamptz '1999-12-31 23:59:59+00', 'SS.US');

select to_char(timestamptz '1999-12-31 23:59:59+00', 'A.M.');

-- refused
select to_char(timestamptz '1999-12-31 23:59:59+00', 'x');

select to_char(timestamptz '1999-12-31 23:59:59+00', 'HH24MI');

select to_char(timestamptz '1999-12-31 23:59:59+00', 'T');

select to_char(timestamptz '1999-12-31 23:59:59+00', 'é');

select to_char(timestamptz '2024-07-04 12:00:00+00', 'YYYY-MM-DD');

select to_char(timestamptz '2024-07-04 12:00:00+00', 'HH24:MI:SS');

select to_char(timestamptz '2024-07-04 12:00:00+00', 'HH12:MI am');

select to_char(timestamptz '2024-07-04 12:00:00+00', 'HH:MI PM');

select to_char(timestamptz '2024-07-04 12:00:00+00', 'Mon DD, YYYY');

select to_char(timestamptz '2024-07-04 12:00:00+00', 'Month');

select to_char(timestamptz '2024-07-04 12:00:00+00', 'MONTH');

select to_char(timestamptz '2024-07-04 12:00:00+00', 'Day');

select to_char(timestamptz '2024-07-04 12:00:00+00', 'DY');

select to_char(timestamptz '2024-07-04 12:00:00+00', 'dy');

select to_char(timestamptz '2024-07-04 12:00:00+00', 'D');

select to_char(timestamptz '2024-07-04 12:00:00+00', 'ID');

select to_char(timestamptz '2024-07-04 12:00:00+00', 'DDD');

select to_char(timestamptz '2024-07-04 12:00:00+00', 'WW');

select to_char(timestamptz '2024-07-04 12:00:00+00', 'IW');

select to_char(timestamptz '2024-07-04 12:00:00+00', 'W');

select to_char(timestamptz '2024-07-04 12:00:00+00', 'Q');

select to_char(timestamptz '2024-07-04 12:00:00+00', 'CC');

select to_char(timestamptz '2024-07-04 12:00:00+00', 'YY');

select to_char(timestamptz '2024-07-04 12:00:00+00', 'YYY');

select to_char(timestamptz '2024-07-04 12:00:00+00', 'MS');

select to_char(timestamptz '2024-07-04 12:00:00+00', 'US');

select to_char(timestamptz '2024-07-04 12:00:00+00', 'TZ');

select to_char(timestamptz '2024-07-04 12:00:00+00', 'OF');

select to_char(timestamptz '2024-07-04 12:00:00+00', '"at" HH24');

select to_char(timestamptz '2024-07-04 12:00:00+00', 'YYYYMMDD');

select to_char(timestamptz '2024-07-04 12:00:00+00', 'YYYY"W"IW');

select to_char(timestamptz '2024-07-04 12:00:00+00', 'DD/MM/YY');

-- refused
select to_char(timestamptz '2024-07-04 12:00:00+00', 'FMMonth');

-- refused
select to_char(timestamptz '2024-07-04 12:00:00+00', 'FMDD');

-- refused
select to_char(timestamptz '2024-07-04 12:00:00+00', 'DDth');

-- refused
select to_char(timestamptz '2024-07-04 12:00:00+00', 'J');

-- refused
select to_char(timestamptz '2024-07-04 12:00:00+00', 'RM');

-- refused
select to_char(timestamptz '2024-07-04 12:00:00+00', 'AD');

-- refused
select to_char(timestamptz '2024-07-04 12:00:00+00', 'SSSS');

-- refused
select to_char(timestamptz '2024-07-04 12:00:00+00', 'IYYY');

select to_char(timestamptz '2024-07-04 12:00:00+00', '');

select to_char(timestamptz '2024-07-04 12:00:00+00', '-');

select to_char(timestamptz '2024-07-04 12:00:00+00', 'Dy');

select to_char(timestamptz '2024-07-04 12:00:00+00', 'mon');

select to_char(timestamptz '2024-07-04 12:00:00+00', 'month day');

select to_char(timestamptz '2024-07-04 12:00:00+00', 'MI');

select to_char(timestamptz '2024-07-04 12:00:00+00', 'SS.MS');

select to_char(timestamptz '2024-07-04 12:00:00+00', 'SS.US');

select to_char(timestamptz '2024-07-04 12:00:00+00', 'A.M.');

-- refused
select to_char(timestamptz '2024-07-04 12:00:00+00', 'x');

select to_char(timestamptz '2024-07-04 12:00:00+00', 'HH24MI');

select to_char(timestamptz '2024-07-04 12:00:00+00', 'T');

select to_char(timestamptz '2024-07-04 12:00:00+00', 'é');

select to_char(placed, 'YYYY-MM'), count(*) from orders group by 1 order by 1;

select to_char(null::timestamptz, 'YYYY'), to_char(now(), null);

select to_char(date '2024-02-29', 'YYYY');

-- refused
select to_char(1, '9');

-- refused
select to_char(interval '1 day', 'DD');

-- refused
select to_char(12.5, '99.9');

-- refused
select timestamptz '2024-01-01' at time zone 'UTC';

-- refused
select current_time;

-- refused
select localtimestamp;

-- refused
select clock_timestamp();

-- refused
select random();

-- refused
select gen_random_uuid();

select date '2024-01-01' - date '2023-01-01', date '2024-01-01' + 31;

select make_date(2024, 2, 30);

select date '2024-01-31' < timestamptz '2024-01-31 00:00:01+00';

select max(placed)::date, min(placed)::date from orders;

select extract(year from null::date), date_trunc('day', null::timestamptz);

select date_trunc('nope', now());

-- refused
select to_timestamp(1e12);

-- refused, 22007
select to_timestamp('x', 'y');

