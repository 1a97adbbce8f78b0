-- Does a feature belong to the role, or to one wording of its instruction?
--
-- For the most characteristic feature of every role: the share of answers that fire it, by variant.
-- spread is the highest share minus the lowest, 0 where the wording makes no difference.
with characteristic as (
    select
        rf.role,
        arg_max(rf.feature_id, rf.mean * ln(rf.mean / e.mean_over_roles)) as feature_id
    from role_features as rf
    join (
        select feature_id, sum(mean) / (select count(distinct role) from role_features) as mean_over_roles
        from role_features
        where sae = chosen_sae(null)
        group by feature_id
    ) as e on e.feature_id = rf.feature_id
    where rf.sae = chosen_sae(null)
    group by rf.role
),
by_variant as (
    select c.role, c.feature_id, p.variant, count(a.response_id) / count(*) as firing_rate
    from characteristic as c
    join pooled as p on p.role = c.role and p.sae = chosen_sae(null) and p.excluded_reason is null
    left join activations as a
        on a.sae = p.sae and a.role = p.role and a.response_id = p.response_id and a.feature_id = c.feature_id
    group by all
)
select
    role,
    feature_id,
    map(list(variant order by variant), list(firing_rate order by variant)) as by_variant,
    max(firing_rate) - min(firing_rate) as spread
from by_variant
group by role, feature_id
order by spread desc, role;
