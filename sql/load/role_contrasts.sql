-- Fill `role_contrasts` from the lake's files ($files: paths), ordered as `role_features` is.
insert into role_contrasts by name
select sae, role, feature_id, share, effect, effect_low, effect_high, auroc, p, q
from read_parquet($files, hive_partitioning = true, hive_types = {'sae': 'VARCHAR'})
order by sae, feature_id // 4096, role, feature_id;
