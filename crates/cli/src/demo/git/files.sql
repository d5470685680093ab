-- projection: files
-- What the tree holds. A path that is not UTF-8 is shown escaped, and exact in path_base64.
create table files (
  file text primary key,
  path text not null,
  path_base64 text,
  mode text not null,
  blob text not null
);

-- on: FileAdded
insert into files (file, path, path_base64, mode, blob)
  values (@key, :path, :path_base64?, :mode, :blob);

-- on: FileChanged
update files set mode = :mode, blob = :blob where file = @key;

-- on: FileRemoved
delete from files where file = @key;
