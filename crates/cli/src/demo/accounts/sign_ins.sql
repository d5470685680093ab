-- projection: sign_ins
create table sign_in (
  country text primary key, times bigint not null, latest timestamptz not null
);
-- on: SignedIn
insert into sign_in (country, times, latest) values (:country, 1, @occurred_at)
  on conflict (country) do update
  set times = sign_in.times + 1, latest = excluded.latest;
