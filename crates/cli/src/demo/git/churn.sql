-- projection: churn
-- How often each file changed, and when it did last.
create table churn (
  file text primary key,
  path text not null,
  changes bigint not null,
  last timestamptz not null
);

-- on: FileAdded
insert into churn (file, path, changes, last) values (@key, :path, 1, @occurred_at)
  on conflict (file) do update set changes = churn.changes + 1, last = excluded.last;

-- on: FileChanged, FileRemoved
update churn set changes = changes + 1, last = @occurred_at where file = @key;
