-- The feature $feature_id of the SAE $sae in every role that was measured, silent or not.
select
    m.role,
    coalesce(rf.firing_rate, 0) as firing_rate,
    coalesce(rf.n_active_responses, 0) as n_active_responses,
    m.n_responses,
    coalesce(rf.mean, 0) as mean,
    coalesce(rf.max, 0) as max,
    c.share, c.effect, c.effect_low, c.effect_high, c.auroc, c.q
from memory.main.measured as m
left join role_features as rf on rf.sae = $sae and rf.feature_id = $feature_id and rf.role = m.role
left join role_contrasts as c on c.sae = $sae and c.feature_id = $feature_id and c.role = m.role
where m.sae = $sae
order by firing_rate desc, mean desc, m.role;
