-- The tokens around the peak of the features $feature_ids, each in the response of the role beside it in $roles and
-- $response_ids, where the lake keeps them.
--
-- $evidence: paths of the files of these roles.
with asked as (
    select
        unnest($feature_ids::integer[]) as feature_id,
        unnest($roles::varchar[]) as role,
        unnest($response_ids::bigint[]) as response_id
)
select e.feature_id, e.role, e.response_id, e.start, e.pieces, e.activations
from read_parquet(
    $evidence, hive_partitioning = true, hive_types = {'sae': 'VARCHAR', 'role': 'VARCHAR'}
) as e
semi join asked as q on q.feature_id = e.feature_id and q.role = e.role and q.response_id = e.response_id
where e.feature_id between list_min($feature_ids::integer[]) and list_max($feature_ids::integer[]);
