-- Fill `features` from the lake's files ($files: paths).
insert into features by name
select *
from read_parquet($files, hive_partitioning = true, hive_types = {'sae': 'VARCHAR'})
order by sae, feature_id;
