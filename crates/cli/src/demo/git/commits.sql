-- projection: commits
-- How many commits each author made in each month.
create table commits (
  author text not null,
  month timestamptz not null,
  commits bigint not null,
  changes bigint not null,
  primary key (author, month)
);

-- on: CommitMade
insert into commits (author, month, commits, changes)
  values (:author, date_trunc('month', @occurred_at), 1, :changes)
  on conflict (author, month) do update
    set commits = commits.commits + 1, changes = commits.changes + excluded.changes;
