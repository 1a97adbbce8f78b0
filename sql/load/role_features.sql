-- Fill `role_features` from the lake's files ($files: paths).
--
-- The order serves both ways of asking: rows of a feature lie within one tile of 256 features, which
-- a row group's minimum and maximum find (which_roles), and within a tile a role's rows lie together,
-- so that the others are skipped by the vector (top_features). At 276 roles x 65,536 features, 8.4 M
-- rows: a feature in 3 ms, a role in 30 ms; sorted by feature alone 2 and 70 ms, by role 32 and 1.5 ms.
insert into role_features by name
select sae, role, feature_id, n_responses, n_active_responses, firing_rate, mean, max, sd
from read_parquet($files, hive_partitioning = true, hive_types = {'sae': 'VARCHAR', 'role': 'VARCHAR'})
order by sae, feature_id // 256, role, feature_id;
