-- What is known of features ($feature_ids) under an SAE ($sae): the label, and the three roles with most of it.
--
-- A role's share is its mean over the sum of the means of all roles that take part in comparisons.
with wanted as (
    select unnest($feature_ids::integer[]) as feature_id
),
shares as (
    select rf.feature_id, rf.role, rf.mean / sum(rf.mean) over (partition by rf.feature_id) as share
    from role_features as rf
    join wanted on wanted.feature_id = rf.feature_id
    join roles on roles.role = rf.role and not roles.excluded
    where rf.sae = $sae
),
profiles as (
    select feature_id, list({'role': role, 'share': share} order by share desc, role)[:3] as roles
    from shares
    group by feature_id
)
select w.feature_id, l.description as label, coalesce(p.roles, []) as roles
from wanted as w
left join profiles as p on p.feature_id = w.feature_id
left join preferred_labels as l on l.sae = $sae and l.feature_id = w.feature_id
order by w.feature_id;
