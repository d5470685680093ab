-- Regular expressions, like and ilike.

select '' ~ '', '' !~ '', '' ~* '';

select 'abc' ~ '', 'abc' !~ '', 'abc' ~* '';

select 'ABC' ~ '', 'ABC' !~ '', 'ABC' ~* '';

select 'a.c' ~ '', 'a.c' !~ '', 'a.c' ~* '';

select 'aaa' ~ '', 'aaa' !~ '', 'aaa' ~* '';

select 'foo bar' ~ '', 'foo bar' !~ '', 'foo bar' ~* '';

select 'x1y22' ~ '', 'x1y22' !~ '', 'x1y22' ~* '';

select 'é' ~ '';

select null::text ~ '', null::text !~ '', null::text ~* '';

select '' ~ 'b', '' !~ 'b', '' ~* 'b';

select 'abc' ~ 'b', 'abc' !~ 'b', 'abc' ~* 'b';

select 'ABC' ~ 'b', 'ABC' !~ 'b', 'ABC' ~* 'b';

select 'a.c' ~ 'b', 'a.c' !~ 'b', 'a.c' ~* 'b';

select 'aaa' ~ 'b', 'aaa' !~ 'b', 'aaa' ~* 'b';

select 'foo bar' ~ 'b', 'foo bar' !~ 'b', 'foo bar' ~* 'b';

select 'x1y22' ~ 'b', 'x1y22' !~ 'b', 'x1y22' ~* 'b';

select 'é' ~ 'b';

select null::text ~ 'b', null::text !~ 'b', null::text ~* 'b';

select '' ~ '^a', '' !~ '^a', '' ~* '^a';

select 'abc' ~ '^a', 'abc' !~ '^a', 'abc' ~* '^a';

select 'ABC' ~ '^a', 'ABC' !~ '^a', 'ABC' ~* '^a';

select 'a.c' ~ '^a', 'a.c' !~ '^a', 'a.c' ~* '^a';

select 'aaa' ~ '^a', 'aaa' !~ '^a', 'aaa' ~* '^a';

select 'foo bar' ~ '^a', 'foo bar' !~ '^a', 'foo bar' ~* '^a';

select 'x1y22' ~ '^a', 'x1y22' !~ '^a', 'x1y22' ~* '^a';

select 'é' ~ '^a';

select null::text ~ '^a', null::text !~ '^a', null::text ~* '^a';

select '' ~ 'c$', '' !~ 'c$', '' ~* 'c$';

select 'abc' ~ 'c$', 'abc' !~ 'c$', 'abc' ~* 'c$';

select 'ABC' ~ 'c$', 'ABC' !~ 'c$', 'ABC' ~* 'c$';

select 'a.c' ~ 'c$', 'a.c' !~ 'c$', 'a.c' ~* 'c$';

select 'aaa' ~ 'c$', 'aaa' !~ 'c$', 'aaa' ~* 'c$';

select 'foo bar' ~ 'c$', 'foo bar' !~ 'c$', 'foo bar' ~* 'c$';

select 'x1y22' ~ 'c$', 'x1y22' !~ 'c$', 'x1y22' ~* 'c$';

select 'é' ~ 'c$';

select null::text ~ 'c$', null::text !~ 'c$', null::text ~* 'c$';

select '' ~ '^abc$', '' !~ '^abc$', '' ~* '^abc$';

select 'abc' ~ '^abc$', 'abc' !~ '^abc$', 'abc' ~* '^abc$';

select 'ABC' ~ '^abc$', 'ABC' !~ '^abc$', 'ABC' ~* '^abc$';

select 'a.c' ~ '^abc$', 'a.c' !~ '^abc$', 'a.c' ~* '^abc$';

select 'aaa' ~ '^abc$', 'aaa' !~ '^abc$', 'aaa' ~* '^abc$';

select 'foo bar' ~ '^abc$', 'foo bar' !~ '^abc$', 'foo bar' ~* '^abc$';

select 'x1y22' ~ '^abc$', 'x1y22' !~ '^abc$', 'x1y22' ~* '^abc$';

select 'é' ~ '^abc$';

select null::text ~ '^abc$', null::text !~ '^abc$', null::text ~* '^abc$';

select '' ~ 'a.c', '' !~ 'a.c', '' ~* 'a.c';

select 'abc' ~ 'a.c', 'abc' !~ 'a.c', 'abc' ~* 'a.c';

select 'ABC' ~ 'a.c', 'ABC' !~ 'a.c', 'ABC' ~* 'a.c';

select 'a.c' ~ 'a.c', 'a.c' !~ 'a.c', 'a.c' ~* 'a.c';

select 'aaa' ~ 'a.c', 'aaa' !~ 'a.c', 'aaa' ~* 'a.c';

select 'foo bar' ~ 'a.c', 'foo bar' !~ 'a.c', 'foo bar' ~* 'a.c';

select 'x1y22' ~ 'a.c', 'x1y22' !~ 'a.c', 'x1y22' ~* 'a.c';

select 'é' ~ 'a.c';

select null::text ~ 'a.c', null::text !~ 'a.c', null::text ~* 'a.c';

select '' ~ 'a\.c', '' !~ 'a\.c', '' ~* 'a\.c';

select 'abc' ~ 'a\.c', 'abc' !~ 'a\.c', 'abc' ~* 'a\.c';

select 'ABC' ~ 'a\.c', 'ABC' !~ 'a\.c', 'ABC' ~* 'a\.c';

select 'a.c' ~ 'a\.c', 'a.c' !~ 'a\.c', 'a.c' ~* 'a\.c';

select 'aaa' ~ 'a\.c', 'aaa' !~ 'a\.c', 'aaa' ~* 'a\.c';

select 'foo bar' ~ 'a\.c', 'foo bar' !~ 'a\.c', 'foo bar' ~* 'a\.c';

select 'x1y22' ~ 'a\.c', 'x1y22' !~ 'a\.c', 'x1y22' ~* 'a\.c';

select 'é' ~ 'a\.c';

select null::text ~ 'a\.c', null::text !~ 'a\.c', null::text ~* 'a\.c';

select '' ~ '[a-c]+', '' !~ '[a-c]+', '' ~* '[a-c]+';

select 'abc' ~ '[a-c]+', 'abc' !~ '[a-c]+', 'abc' ~* '[a-c]+';

select 'ABC' ~ '[a-c]+', 'ABC' !~ '[a-c]+', 'ABC' ~* '[a-c]+';

select 'a.c' ~ '[a-c]+', 'a.c' !~ '[a-c]+', 'a.c' ~* '[a-c]+';

select 'aaa' ~ '[a-c]+', 'aaa' !~ '[a-c]+', 'aaa' ~* '[a-c]+';

select 'foo bar' ~ '[a-c]+', 'foo bar' !~ '[a-c]+', 'foo bar' ~* '[a-c]+';

select 'x1y22' ~ '[a-c]+', 'x1y22' !~ '[a-c]+', 'x1y22' ~* '[a-c]+';

select 'é' ~ '[a-c]+';

select null::text ~ '[a-c]+', null::text !~ '[a-c]+', null::text ~* '[a-c]+';

select '' ~ '[^a-z]', '' !~ '[^a-z]', '' ~* '[^a-z]';

select 'abc' ~ '[^a-z]', 'abc' !~ '[^a-z]', 'abc' ~* '[^a-z]';

select 'ABC' ~ '[^a-z]', 'ABC' !~ '[^a-z]', 'ABC' ~* '[^a-z]';

select 'a.c' ~ '[^a-z]', 'a.c' !~ '[^a-z]', 'a.c' ~* '[^a-z]';

select 'aaa' ~ '[^a-z]', 'aaa' !~ '[^a-z]', 'aaa' ~* '[^a-z]';

select 'foo bar' ~ '[^a-z]', 'foo bar' !~ '[^a-z]', 'foo bar' ~* '[^a-z]';

select 'x1y22' ~ '[^a-z]', 'x1y22' !~ '[^a-z]', 'x1y22' ~* '[^a-z]';

select 'é' ~ '[^a-z]';

select null::text ~ '[^a-z]', null::text !~ '[^a-z]', null::text ~* '[^a-z]';

select '' ~ '(a|b)c', '' !~ '(a|b)c', '' ~* '(a|b)c';

select 'abc' ~ '(a|b)c', 'abc' !~ '(a|b)c', 'abc' ~* '(a|b)c';

select 'ABC' ~ '(a|b)c', 'ABC' !~ '(a|b)c', 'ABC' ~* '(a|b)c';

select 'a.c' ~ '(a|b)c', 'a.c' !~ '(a|b)c', 'a.c' ~* '(a|b)c';

select 'aaa' ~ '(a|b)c', 'aaa' !~ '(a|b)c', 'aaa' ~* '(a|b)c';

select 'foo bar' ~ '(a|b)c', 'foo bar' !~ '(a|b)c', 'foo bar' ~* '(a|b)c';

select 'x1y22' ~ '(a|b)c', 'x1y22' !~ '(a|b)c', 'x1y22' ~* '(a|b)c';

select 'é' ~ '(a|b)c';

select null::text ~ '(a|b)c', null::text !~ '(a|b)c', null::text ~* '(a|b)c';

select '' ~ 'a*', '' !~ 'a*', '' ~* 'a*';

select 'abc' ~ 'a*', 'abc' !~ 'a*', 'abc' ~* 'a*';

select 'ABC' ~ 'a*', 'ABC' !~ 'a*', 'ABC' ~* 'a*';

select 'a.c' ~ 'a*', 'a.c' !~ 'a*', 'a.c' ~* 'a*';

select 'aaa' ~ 'a*', 'aaa' !~ 'a*', 'aaa' ~* 'a*';

select 'foo bar' ~ 'a*', 'foo bar' !~ 'a*', 'foo bar' ~* 'a*';

select 'x1y22' ~ 'a*', 'x1y22' !~ 'a*', 'x1y22' ~* 'a*';

select 'é' ~ 'a*';

select null::text ~ 'a*', null::text !~ 'a*', null::text ~* 'a*';

select '' ~ 'a+$', '' !~ 'a+$', '' ~* 'a+$';

select 'abc' ~ 'a+$', 'abc' !~ 'a+$', 'abc' ~* 'a+$';

select 'ABC' ~ 'a+$', 'ABC' !~ 'a+$', 'ABC' ~* 'a+$';

select 'a.c' ~ 'a+$', 'a.c' !~ 'a+$', 'a.c' ~* 'a+$';

select 'aaa' ~ 'a+$', 'aaa' !~ 'a+$', 'aaa' ~* 'a+$';

select 'foo bar' ~ 'a+$', 'foo bar' !~ 'a+$', 'foo bar' ~* 'a+$';

select 'x1y22' ~ 'a+$', 'x1y22' !~ 'a+$', 'x1y22' ~* 'a+$';

select 'é' ~ 'a+$';

select null::text ~ 'a+$', null::text !~ 'a+$', null::text ~* 'a+$';

select '' ~ 'a{2}', '' !~ 'a{2}', '' ~* 'a{2}';

select 'abc' ~ 'a{2}', 'abc' !~ 'a{2}', 'abc' ~* 'a{2}';

select 'ABC' ~ 'a{2}', 'ABC' !~ 'a{2}', 'ABC' ~* 'a{2}';

select 'a.c' ~ 'a{2}', 'a.c' !~ 'a{2}', 'a.c' ~* 'a{2}';

select 'aaa' ~ 'a{2}', 'aaa' !~ 'a{2}', 'aaa' ~* 'a{2}';

select 'foo bar' ~ 'a{2}', 'foo bar' !~ 'a{2}', 'foo bar' ~* 'a{2}';

select 'x1y22' ~ 'a{2}', 'x1y22' !~ 'a{2}', 'x1y22' ~* 'a{2}';

select 'é' ~ 'a{2}';

select null::text ~ 'a{2}', null::text !~ 'a{2}', null::text ~* 'a{2}';

select '' ~ 'a{2,}', '' !~ 'a{2,}', '' ~* 'a{2,}';

select 'abc' ~ 'a{2,}', 'abc' !~ 'a{2,}', 'abc' ~* 'a{2,}';

select 'ABC' ~ 'a{2,}', 'ABC' !~ 'a{2,}', 'ABC' ~* 'a{2,}';

select 'a.c' ~ 'a{2,}', 'a.c' !~ 'a{2,}', 'a.c' ~* 'a{2,}';

select 'aaa' ~ 'a{2,}', 'aaa' !~ 'a{2,}', 'aaa' ~* 'a{2,}';

select 'foo bar' ~ 'a{2,}', 'foo bar' !~ 'a{2,}', 'foo bar' ~* 'a{2,}';

select 'x1y22' ~ 'a{2,}', 'x1y22' !~ 'a{2,}', 'x1y22' ~* 'a{2,}';

select 'é' ~ 'a{2,}';

select null::text ~ 'a{2,}', null::text !~ 'a{2,}', null::text ~* 'a{2,}';

select '' ~ 'a{1,2}$', '' !~ 'a{1,2}$', '' ~* 'a{1,2}$';

select 'abc' ~ 'a{1,2}$', 'abc' !~ 'a{1,2}$', 'abc' ~* 'a{1,2}$';

select 'ABC' ~ 'a{1,2}$', 'ABC' !~ 'a{1,2}$', 'ABC' ~* 'a{1,2}$';

select 'a.c' ~ 'a{1,2}$', 'a.c' !~ 'a{1,2}$', 'a.c' ~* 'a{1,2}$';

select 'aaa' ~ 'a{1,2}$', 'aaa' !~ 'a{1,2}$', 'aaa' ~* 'a{1,2}$';

select 'foo bar' ~ 'a{1,2}$', 'foo bar' !~ 'a{1,2}$', 'foo bar' ~* 'a{1,2}$';

select 'x1y22' ~ 'a{1,2}$', 'x1y22' !~ 'a{1,2}$', 'x1y22' ~* 'a{1,2}$';

select 'é' ~ 'a{1,2}$';

select null::text ~ 'a{1,2}$', null::text !~ 'a{1,2}$', null::text ~* 'a{1,2}$';

select '' ~ '\d+', '' !~ '\d+', '' ~* '\d+';

select 'abc' ~ '\d+', 'abc' !~ '\d+', 'abc' ~* '\d+';

select 'ABC' ~ '\d+', 'ABC' !~ '\d+', 'ABC' ~* '\d+';

select 'a.c' ~ '\d+', 'a.c' !~ '\d+', 'a.c' ~* '\d+';

select 'aaa' ~ '\d+', 'aaa' !~ '\d+', 'aaa' ~* '\d+';

select 'foo bar' ~ '\d+', 'foo bar' !~ '\d+', 'foo bar' ~* '\d+';

select 'x1y22' ~ '\d+', 'x1y22' !~ '\d+', 'x1y22' ~* '\d+';

-- refused
select 'é' ~ '\d+';

select null::text ~ '\d+', null::text !~ '\d+', null::text ~* '\d+';

select '' ~ '\s', '' !~ '\s', '' ~* '\s';

select 'abc' ~ '\s', 'abc' !~ '\s', 'abc' ~* '\s';

select 'ABC' ~ '\s', 'ABC' !~ '\s', 'ABC' ~* '\s';

select 'a.c' ~ '\s', 'a.c' !~ '\s', 'a.c' ~* '\s';

select 'aaa' ~ '\s', 'aaa' !~ '\s', 'aaa' ~* '\s';

select 'foo bar' ~ '\s', 'foo bar' !~ '\s', 'foo bar' ~* '\s';

select 'x1y22' ~ '\s', 'x1y22' !~ '\s', 'x1y22' ~* '\s';

-- refused
select 'é' ~ '\s';

select null::text ~ '\s', null::text !~ '\s', null::text ~* '\s';

select '' ~ '\w+', '' !~ '\w+', '' ~* '\w+';

select 'abc' ~ '\w+', 'abc' !~ '\w+', 'abc' ~* '\w+';

select 'ABC' ~ '\w+', 'ABC' !~ '\w+', 'ABC' ~* '\w+';

select 'a.c' ~ '\w+', 'a.c' !~ '\w+', 'a.c' ~* '\w+';

select 'aaa' ~ '\w+', 'aaa' !~ '\w+', 'aaa' ~* '\w+';

select 'foo bar' ~ '\w+', 'foo bar' !~ '\w+', 'foo bar' ~* '\w+';

select 'x1y22' ~ '\w+', 'x1y22' !~ '\w+', 'x1y22' ~* '\w+';

-- refused
select 'é' ~ '\w+';

select null::text ~ '\w+', null::text !~ '\w+', null::text ~* '\w+';

select '' ~ '[[:upper:]]', '' !~ '[[:upper:]]', '' ~* '[[:upper:]]';

select 'abc' ~ '[[:upper:]]', 'abc' !~ '[[:upper:]]', 'abc' ~* '[[:upper:]]';

select 'ABC' ~ '[[:upper:]]', 'ABC' !~ '[[:upper:]]', 'ABC' ~* '[[:upper:]]';

select 'a.c' ~ '[[:upper:]]', 'a.c' !~ '[[:upper:]]', 'a.c' ~* '[[:upper:]]';

select 'aaa' ~ '[[:upper:]]', 'aaa' !~ '[[:upper:]]', 'aaa' ~* '[[:upper:]]';

select 'foo bar' ~ '[[:upper:]]', 'foo bar' !~ '[[:upper:]]', 'foo bar' ~* '[[:upper:]]';

select 'x1y22' ~ '[[:upper:]]', 'x1y22' !~ '[[:upper:]]', 'x1y22' ~* '[[:upper:]]';

-- refused
select 'é' ~ '[[:upper:]]';

select null::text ~ '[[:upper:]]', null::text !~ '[[:upper:]]', null::text ~* '[[:upper:]]';

select '' ~ '[[:digit:]]{2}', '' !~ '[[:digit:]]{2}', '' ~* '[[:digit:]]{2}';

select 'abc' ~ '[[:digit:]]{2}', 'abc' !~ '[[:digit:]]{2}', 'abc' ~* '[[:digit:]]{2}';

select 'ABC' ~ '[[:digit:]]{2}', 'ABC' !~ '[[:digit:]]{2}', 'ABC' ~* '[[:digit:]]{2}';

select 'a.c' ~ '[[:digit:]]{2}', 'a.c' !~ '[[:digit:]]{2}', 'a.c' ~* '[[:digit:]]{2}';

select 'aaa' ~ '[[:digit:]]{2}', 'aaa' !~ '[[:digit:]]{2}', 'aaa' ~* '[[:digit:]]{2}';

select 'foo bar' ~ '[[:digit:]]{2}', 'foo bar' !~ '[[:digit:]]{2}', 'foo bar' ~* '[[:digit:]]{2}';

select 'x1y22' ~ '[[:digit:]]{2}', 'x1y22' !~ '[[:digit:]]{2}', 'x1y22' ~* '[[:digit:]]{2}';

-- refused
select 'é' ~ '[[:digit:]]{2}';

select null::text ~ '[[:digit:]]{2}', null::text !~ '[[:digit:]]{2}', null::text ~* '[[:digit:]]{2}';

select '' ~ '^(foo|abc) ?', '' !~ '^(foo|abc) ?', '' ~* '^(foo|abc) ?';

select 'abc' ~ '^(foo|abc) ?', 'abc' !~ '^(foo|abc) ?', 'abc' ~* '^(foo|abc) ?';

select 'ABC' ~ '^(foo|abc) ?', 'ABC' !~ '^(foo|abc) ?', 'ABC' ~* '^(foo|abc) ?';

select 'a.c' ~ '^(foo|abc) ?', 'a.c' !~ '^(foo|abc) ?', 'a.c' ~* '^(foo|abc) ?';

select 'aaa' ~ '^(foo|abc) ?', 'aaa' !~ '^(foo|abc) ?', 'aaa' ~* '^(foo|abc) ?';

select 'foo bar' ~ '^(foo|abc) ?', 'foo bar' !~ '^(foo|abc) ?', 'foo bar' ~* '^(foo|abc) ?';

select 'x1y22' ~ '^(foo|abc) ?', 'x1y22' !~ '^(foo|abc) ?', 'x1y22' ~* '^(foo|abc) ?';

select 'é' ~ '^(foo|abc) ?';

select null::text ~ '^(foo|abc) ?', null::text !~ '^(foo|abc) ?', null::text ~* '^(foo|abc) ?';

select '' ~ '.', '' !~ '.', '' ~* '.';

select 'abc' ~ '.', 'abc' !~ '.', 'abc' ~* '.';

select 'ABC' ~ '.', 'ABC' !~ '.', 'ABC' ~* '.';

select 'a.c' ~ '.', 'a.c' !~ '.', 'a.c' ~* '.';

select 'aaa' ~ '.', 'aaa' !~ '.', 'aaa' ~* '.';

select 'foo bar' ~ '.', 'foo bar' !~ '.', 'foo bar' ~* '.';

select 'x1y22' ~ '.', 'x1y22' !~ '.', 'x1y22' ~* '.';

select 'é' ~ '.';

select null::text ~ '.', null::text !~ '.', null::text ~* '.';

select '' ~ '^$', '' !~ '^$', '' ~* '^$';

select 'abc' ~ '^$', 'abc' !~ '^$', 'abc' ~* '^$';

select 'ABC' ~ '^$', 'ABC' !~ '^$', 'ABC' ~* '^$';

select 'a.c' ~ '^$', 'a.c' !~ '^$', 'a.c' ~* '^$';

select 'aaa' ~ '^$', 'aaa' !~ '^$', 'aaa' ~* '^$';

select 'foo bar' ~ '^$', 'foo bar' !~ '^$', 'foo bar' ~* '^$';

select 'x1y22' ~ '^$', 'x1y22' !~ '^$', 'x1y22' ~* '^$';

select 'é' ~ '^$';

select null::text ~ '^$', null::text !~ '^$', null::text ~* '^$';

select '' ~ '[]]', '' !~ '[]]', '' ~* '[]]';

select 'abc' ~ '[]]', 'abc' !~ '[]]', 'abc' ~* '[]]';

select 'ABC' ~ '[]]', 'ABC' !~ '[]]', 'ABC' ~* '[]]';

select 'a.c' ~ '[]]', 'a.c' !~ '[]]', 'a.c' ~* '[]]';

select 'aaa' ~ '[]]', 'aaa' !~ '[]]', 'aaa' ~* '[]]';

select 'foo bar' ~ '[]]', 'foo bar' !~ '[]]', 'foo bar' ~* '[]]';

select 'x1y22' ~ '[]]', 'x1y22' !~ '[]]', 'x1y22' ~* '[]]';

select 'é' ~ '[]]';

select null::text ~ '[]]', null::text !~ '[]]', null::text ~* '[]]';

select '' ~ 'a|', '' !~ 'a|', '' ~* 'a|';

select 'abc' ~ 'a|', 'abc' !~ 'a|', 'abc' ~* 'a|';

select 'ABC' ~ 'a|', 'ABC' !~ 'a|', 'ABC' ~* 'a|';

select 'a.c' ~ 'a|', 'a.c' !~ 'a|', 'a.c' ~* 'a|';

select 'aaa' ~ 'a|', 'aaa' !~ 'a|', 'aaa' ~* 'a|';

select 'foo bar' ~ 'a|', 'foo bar' !~ 'a|', 'foo bar' ~* 'a|';

select 'x1y22' ~ 'a|', 'x1y22' !~ 'a|', 'x1y22' ~* 'a|';

select 'é' ~ 'a|';

select null::text ~ 'a|', null::text !~ 'a|', null::text ~* 'a|';

select '' ~ '(?:a)b', '' !~ '(?:a)b', '' ~* '(?:a)b';

select 'abc' ~ '(?:a)b', 'abc' !~ '(?:a)b', 'abc' ~* '(?:a)b';

select 'ABC' ~ '(?:a)b', 'ABC' !~ '(?:a)b', 'ABC' ~* '(?:a)b';

select 'a.c' ~ '(?:a)b', 'a.c' !~ '(?:a)b', 'a.c' ~* '(?:a)b';

select 'aaa' ~ '(?:a)b', 'aaa' !~ '(?:a)b', 'aaa' ~* '(?:a)b';

select 'foo bar' ~ '(?:a)b', 'foo bar' !~ '(?:a)b', 'foo bar' ~* '(?:a)b';

select 'x1y22' ~ '(?:a)b', 'x1y22' !~ '(?:a)b', 'x1y22' ~* '(?:a)b';

select 'é' ~ '(?:a)b';

select null::text ~ '(?:a)b', null::text !~ '(?:a)b', null::text ~* '(?:a)b';

select 'ab' ~ '(';

select 'ab' ~ ')';

select 'ab' ~ '[';

select 'ab' ~ '*a';

select 'ab' ~ 'a**';

select 'ab' ~ 'a{2,1}';

select 'ab' ~ 'a{256}';

select 'ab' ~ '[b-a]';

select 'ab' ~ '\\';

-- refused
select 'ab' ~ '(?=a)';

-- refused
select 'ab' ~ '(a)\1';

-- refused
select 'ab' ~ '\ma';

-- refused
select 'ab' ~ 'a{,3}';

-- refused
select 'ab' ~ '***=x';

-- refused
select 'ab' ~ '(?i)a';

select 'ab' ~ '[[:nope:]]';

select 'ab' ~ '+';

select 'ab' ~ '^*';

select 'ab' ~ 'a+?';

select 'ab' ~ '\n';

select name from customer where name ~ '^[A-Z]' order by id;

-- refused
select name from customer where name !~* '^b' and name < 'z' order by id;

select name ~ note from customer join orders on customer.id = customer_id order by 1;

select 1 ~ '1';

select 'a' ~ null;

select null ~ 'a';

select 'a' operator(pg_catalog.~) '^(a)$' collate pg_catalog.default;

select 'a' operator(pg_catalog.=) 'a', 1 operator(pg_catalog.+) 2;

select 'abc' like 'a%', 'abc' ilike 'a%', 'abc' not like 'a%', 'abc' !~~ 'a%', 'abc' ~~* 'a%';

select 'abc' like '_b_', 'abc' ilike '_b_', 'abc' not like '_b_', 'abc' !~~ '_b_', 'abc' ~~* '_b_';

select 'abc' like 'A%', 'abc' ilike 'A%', 'abc' not like 'A%', 'abc' !~~ 'A%', 'abc' ~~* 'A%';

select 'abc' like '%', 'abc' ilike '%', 'abc' not like '%', 'abc' !~~ '%', 'abc' ~~* '%';

select 'abc' like 'a\_c', 'abc' ilike 'a\_c', 'abc' not like 'a\_c', 'abc' !~~ 'a\_c', 'abc' ~~* 'a\_c';

select 'abc' like '', 'abc' ilike '', 'abc' not like '', 'abc' !~~ '', 'abc' ~~* '';

select 'abc' like null, 'abc' ilike null, 'abc' not like null, 'abc' !~~ null, 'abc' ~~* null;

select 'abc' like '%\%%', 'abc' ilike '%\%%', 'abc' not like '%\%%', 'abc' !~~ '%\%%', 'abc' ~~* '%\%%';

select 'ABC' like 'a%', 'ABC' ilike 'a%', 'ABC' not like 'a%', 'ABC' !~~ 'a%', 'ABC' ~~* 'a%';

select 'ABC' like '_b_', 'ABC' ilike '_b_', 'ABC' not like '_b_', 'ABC' !~~ '_b_', 'ABC' ~~* '_b_';

select 'ABC' like 'A%', 'ABC' ilike 'A%', 'ABC' not like 'A%', 'ABC' !~~ 'A%', 'ABC' ~~* 'A%';

select 'ABC' like '%', 'ABC' ilike '%', 'ABC' not like '%', 'ABC' !~~ '%', 'ABC' ~~* '%';

select 'ABC' like 'a\_c', 'ABC' ilike 'a\_c', 'ABC' not like 'a\_c', 'ABC' !~~ 'a\_c', 'ABC' ~~* 'a\_c';

select 'ABC' like '', 'ABC' ilike '', 'ABC' not like '', 'ABC' !~~ '', 'ABC' ~~* '';

select 'ABC' like null, 'ABC' ilike null, 'ABC' not like null, 'ABC' !~~ null, 'ABC' ~~* null;

select 'ABC' like '%\%%', 'ABC' ilike '%\%%', 'ABC' not like '%\%%', 'ABC' !~~ '%\%%', 'ABC' ~~* '%\%%';

select 'a_c' like 'a%', 'a_c' ilike 'a%', 'a_c' not like 'a%', 'a_c' !~~ 'a%', 'a_c' ~~* 'a%';

select 'a_c' like '_b_', 'a_c' ilike '_b_', 'a_c' not like '_b_', 'a_c' !~~ '_b_', 'a_c' ~~* '_b_';

select 'a_c' like 'A%', 'a_c' ilike 'A%', 'a_c' not like 'A%', 'a_c' !~~ 'A%', 'a_c' ~~* 'A%';

select 'a_c' like '%', 'a_c' ilike '%', 'a_c' not like '%', 'a_c' !~~ '%', 'a_c' ~~* '%';

select 'a_c' like 'a\_c', 'a_c' ilike 'a\_c', 'a_c' not like 'a\_c', 'a_c' !~~ 'a\_c', 'a_c' ~~* 'a\_c';

select 'a_c' like '', 'a_c' ilike '', 'a_c' not like '', 'a_c' !~~ '', 'a_c' ~~* '';

select 'a_c' like null, 'a_c' ilike null, 'a_c' not like null, 'a_c' !~~ null, 'a_c' ~~* null;

select 'a_c' like '%\%%', 'a_c' ilike '%\%%', 'a_c' not like '%\%%', 'a_c' !~~ '%\%%', 'a_c' ~~* '%\%%';

select 'a%c' like 'a%', 'a%c' ilike 'a%', 'a%c' not like 'a%', 'a%c' !~~ 'a%', 'a%c' ~~* 'a%';

select 'a%c' like '_b_', 'a%c' ilike '_b_', 'a%c' not like '_b_', 'a%c' !~~ '_b_', 'a%c' ~~* '_b_';

select 'a%c' like 'A%', 'a%c' ilike 'A%', 'a%c' not like 'A%', 'a%c' !~~ 'A%', 'a%c' ~~* 'A%';

select 'a%c' like '%', 'a%c' ilike '%', 'a%c' not like '%', 'a%c' !~~ '%', 'a%c' ~~* '%';

select 'a%c' like 'a\_c', 'a%c' ilike 'a\_c', 'a%c' not like 'a\_c', 'a%c' !~~ 'a\_c', 'a%c' ~~* 'a\_c';

select 'a%c' like '', 'a%c' ilike '', 'a%c' not like '', 'a%c' !~~ '', 'a%c' ~~* '';

select 'a%c' like null, 'a%c' ilike null, 'a%c' not like null, 'a%c' !~~ null, 'a%c' ~~* null;

select 'a%c' like '%\%%', 'a%c' ilike '%\%%', 'a%c' not like '%\%%', 'a%c' !~~ '%\%%', 'a%c' ~~* '%\%%';

select null like 'a%', null ilike 'a%', null not like 'a%', null !~~ 'a%', null ~~* 'a%';

select null like '_b_', null ilike '_b_', null not like '_b_', null !~~ '_b_', null ~~* '_b_';

select null like 'A%', null ilike 'A%', null not like 'A%', null !~~ 'A%', null ~~* 'A%';

select null like '%', null ilike '%', null not like '%', null !~~ '%', null ~~* '%';

select null like 'a\_c', null ilike 'a\_c', null not like 'a\_c', null !~~ 'a\_c', null ~~* 'a\_c';

select null like '', null ilike '', null not like '', null !~~ '', null ~~* '';

select null like null, null ilike null, null not like null, null !~~ null, null ~~* null;

select null like '%\%%', null ilike '%\%%', null not like '%\%%', null !~~ '%\%%', null ~~* '%\%%';

select '' like 'a%', '' ilike 'a%', '' not like 'a%', '' !~~ 'a%', '' ~~* 'a%';

select '' like '_b_', '' ilike '_b_', '' not like '_b_', '' !~~ '_b_', '' ~~* '_b_';

select '' like 'A%', '' ilike 'A%', '' not like 'A%', '' !~~ 'A%', '' ~~* 'A%';

select '' like '%', '' ilike '%', '' not like '%', '' !~~ '%', '' ~~* '%';

select '' like 'a\_c', '' ilike 'a\_c', '' not like 'a\_c', '' !~~ 'a\_c', '' ~~* 'a\_c';

select '' like '', '' ilike '', '' not like '', '' !~~ '', '' ~~* '';

select '' like null, '' ilike null, '' not like null, '' !~~ null, '' ~~* null;

select '' like '%\%%', '' ilike '%\%%', '' not like '%\%%', '' !~~ '%\%%', '' ~~* '%\%%';

