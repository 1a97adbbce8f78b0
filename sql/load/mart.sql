-- Make the table of a mart from its file of the lake.
create table {table} as from read_parquet({file}, hive_partitioning = false);
comment on table {table} is {comment};
