-- Of each role whose files are given, the $limit responses that fire the feature $feature_id most.
--
-- $activations, $responses: paths. The views read the same, but look at the files of all roles for it.
with strongest as (
    select a.role, a.response_id, a.mean, a.max, a.n_active
    from read_parquet(
        $activations, hive_partitioning = true, hive_types = {'sae': 'VARCHAR', 'role': 'VARCHAR'}
    ) as a
    where a.feature_id = $feature_id
    qualify row_number() over (partition by a.role order by a.max desc, a.response_id) <= $limit
)
select
    s.role, s.response_id, r.variant, r.question_id, r.system_prompt, r.question, r.response,
    s.mean, s.max, s.n_active
from strongest as s
join read_parquet($responses, hive_partitioning = true, hive_types = {'role': 'VARCHAR'}) as r
    on r.role = s.role and r.response_id = s.response_id
order by s.role, s.max desc, s.response_id;
