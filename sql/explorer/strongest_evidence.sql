-- Of each of the features $features the strongest response that the lake keeps tokens of. $evidence: paths of the
-- files of some roles.
select e.feature_id, e.role, e.response_id, e.start, e.pieces, e.activations
from read_parquet(
    $evidence, hive_partitioning = true, hive_types = {'sae': 'VARCHAR', 'role': 'VARCHAR'}
) as e
where list_contains($features, e.feature_id) and e.feature_id between list_min($features) and list_max($features)
qualify row_number() over (
    partition by e.feature_id order by list_max(e.activations) desc, e.role, e.response_id
) = 1;
