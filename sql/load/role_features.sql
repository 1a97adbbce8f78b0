-- Fill `role_features` from the lake's files ($files: paths).
--
-- The order, which `role_contrasts` has in its files, serves both ways of asking: a feature's rows lie within
-- one tile of {tile} features (which_roles), and in a tile a role's rows lie together (top_features); a row
-- group's minimum and maximum find both. At 276 roles x 65,536 features, 17 M rows on two cores: in tiles of
-- 4,096 features a feature in 4 ms and a role in 5; of 256, 1.5 and 20 ms; of 8,192, 6 and 3; by role alone
-- 21 and 1 ms.
insert into role_features by name
select sae, role, feature_id, n_responses, n_active_responses, firing_rate, mean, max, sd
from read_parquet($files, hive_partitioning = true, hive_types = {'sae': 'VARCHAR', 'role': 'VARCHAR'})
order by sae, feature_id // {tile}, role, feature_id;
