-- Fill {table} from the lake's files ($files: paths), in the order of their rows.
insert into {table} by name
select *
from read_parquet($files, hive_partitioning = true, hive_types = {{hive_types}});
