-- Where does the label of $feature under $sae come from, and in how many answers and roles does it fire? Of the roles
-- whose answers were read and summed up.
with read_roles as (
    select role from lake_files where table_name = 'role_features' and sae = $sae
),
answers as (
    select count(*) as n, count(distinct role) as n_roles
    from pooled
    where sae = $sae and excluded_reason is null and role in (from read_roles)
),
firing as (
    select coalesce(sum(n_active_responses), 0) as n, count(*) filter (n_active_responses > 0) as n_roles
    from role_features
    where sae = $sae and feature_id = $feature
)
select l.source, l.model, firing.n::bigint, answers.n, firing.n_roles, answers.n_roles
from firing
cross join answers
left join preferred_labels as l on l.sae = $sae and l.feature_id = $feature;
