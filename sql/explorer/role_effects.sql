-- The features of the SAE $sae that set the role $role apart: at most $limit that are stronger in it, then as
-- many that are weaker, each the most extreme first. By AUROC where roles share no questions to compare on.
with contrasts as materialized (
    select c.feature_id, c.effect, c.effect_low, c.effect_high, c.auroc, c.q,
        coalesce(c.effect, c.auroc - 0.5) as direction
    from role_contrasts as c
    where c.sae = $sae and c.role = $role
),
chosen as (
    (from contrasts where direction > 0 order by direction desc, feature_id limit $limit)
    union all
    (from contrasts where direction < 0 order by direction, feature_id limit $limit)
)
select
    c.feature_id, k.label, c.effect, c.effect_low, c.effect_high, c.auroc, c.q,
    coalesce(rf.mean, 0) as mean,
    coalesce(rf.firing_rate, 0) as firing_rate
from chosen as c
left join role_features as rf on rf.sae = $sae and rf.role = $role and rf.feature_id = c.feature_id
left join memory.main.known_features as k on k.sae = $sae and k.feature_id = c.feature_id
order by c.direction > 0 desc, abs(c.direction) desc, c.feature_id;
