-- The sizes ($sizes, in bytes) that files ($paths) have in the data set. No mart's name begins with '_', so none is hidden.
create temp table _sizes as select unnest($paths) as path, unnest($sizes) as bytes;
