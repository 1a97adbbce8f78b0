-- Every role of the study, how far it has come, and the SAEs that have read it.
select
    r.role, r.status, r.n_responses, r.n_prompts, r.excluded,
    coalesce(
        (select list(f.sae order by f.sae) from lake_files as f where f.table_name = 'role_features' and f.role = r.role), []
    ) as read_by
from roles as r
order by r.role;
