-- Fill `pooled` from the lake's files ($files: paths), in another order; NULL where a file lacks a column.
insert into pooled by name
select columns(lambda name: name in {columns})
from read_parquet($files, union_by_name = true, hive_partitioning = true, hive_types = {{hive_types}})
order by sae, role, response_id;
