-- Fill `role_features` from the lake's files ($files: paths).
--
-- The order, which `role_contrasts` has in its files, serves both ways of asking: a feature's rows lie within
-- one tile of {tile} features (which_roles), and in a tile a role's rows lie together (top_features); a row
-- group's minimum and maximum find both. At 276 roles x 65,536 features, CPU time to find a feature in both tables
-- and a role in both: in tiles of 512 features 3 and 182 ms; of 1,024, 5 and 127; of 2,048, 9 and 78; of 4,096,
-- 11 and 60 ms.
insert into role_features by name
select sae, role, feature_id, n_responses, n_active_responses, firing_rate, mean, max, sd
from read_parquet($files, hive_partitioning = true, hive_types = {'sae': 'VARCHAR', 'role': 'VARCHAR'})
order by sae, feature_id // {tile}, role, feature_id;
