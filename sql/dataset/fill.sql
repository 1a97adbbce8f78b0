-- Fill {table} from a data set's files ($files: paths), in the order of their rows.
insert into {table} by name
select columns(lambda name: name in {columns})
from read_parquet($files, hive_partitioning = false);
