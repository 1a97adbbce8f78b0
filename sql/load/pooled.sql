-- Fill `pooled` from the lake's files ($files: paths).
insert into pooled by name
select sae, role, response_id, variant, question_id, n_tokens, n_active_features, excluded_reason
from read_parquet($files, hive_partitioning = true, hive_types = {'sae': 'VARCHAR', 'role': 'VARCHAR'})
order by sae, role, response_id;
