-- How many rows a data set's file ($file) has, and how many bytes the values of its columns come to, or so.
select count(*) as n_rows, coalesce(sum({bytes}), 0)::double as n_bytes
from read_parquet($file, hive_partitioning = false);
