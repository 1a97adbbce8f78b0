-- Fill {table} from the lake's files ($files: paths), in the order of their rows; NULL where a file lacks a column.
insert into {table} by name
select columns(lambda name: name in {columns})
from read_parquet($files, union_by_name = true, hive_partitioning = true, hive_types = {{hive_types}});
