-- Of each feature of $feature_ids in the role beside it in $roles, the $limit responses that fire it most.
--
-- $activations, $responses: paths of these roles' files. The views read the same, but look at the files of all roles
-- for it.
with asked as (
    select unnest($feature_ids::integer[]) as feature_id, unnest($roles::varchar[]) as role
),
strongest as (
    select a.feature_id, a.role, a.response_id, a.mean, a.max, a.n_active
    from read_parquet(
        $activations, hive_partitioning = true, hive_types = {'sae': 'VARCHAR', 'role': 'VARCHAR'}
    ) as a
    semi join asked as q on q.feature_id = a.feature_id and q.role = a.role
    where a.feature_id between list_min($feature_ids::integer[]) and list_max($feature_ids::integer[])
    qualify row_number() over (partition by a.feature_id, a.role order by a.max desc, a.response_id) <= $limit
)
select
    s.feature_id, s.role, s.response_id, r.variant, r.question_id, r.system_prompt, r.question, r.response,
    s.mean, s.max, s.n_active
from strongest as s
join read_parquet($responses, hive_partitioning = true, hive_types = {'role': 'VARCHAR'}) as r
    on r.role = s.role and r.response_id = s.response_id
order by s.feature_id, s.role, s.max desc, s.response_id;
