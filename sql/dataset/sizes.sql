-- The sizes ($sizes, in bytes) that files ($paths) have in the data set.
create temp table sizes as select unnest($paths) as path, unnest($sizes) as bytes;
