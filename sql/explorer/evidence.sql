-- The tokens around the peak of the feature $feature_id in the responses that the lake keeps evidence of.
--
-- $evidence: paths of the files of some roles.
select e.role, e.response_id, e.start, e.pieces, e.activations
from read_parquet(
    $evidence, hive_partitioning = true, hive_types = {'sae': 'VARCHAR', 'role': 'VARCHAR'}
) as e
where e.feature_id = $feature_id;
