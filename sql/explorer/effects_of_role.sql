-- What sets the role $role apart under the SAE $sae, in the order of role_effects, per token and at equal length too.
select
    e.* exclude (sae, role, direction, weight),
    l.rate_ratio, l.rate_ratio_low, l.rate_ratio_high,
    l.effect_at_length, l.effect_at_length_low, l.effect_at_length_high, l.length_overlap
from memory.main.role_effects as e
left join (select * from length_contrasts where length_contrasts.sae = $sae and length_contrasts.role = $role) as l
    on l.feature_id = e.feature_id
where e.sae = $sae and e.role = $role
order by e.direction > 0 desc, e.weight desc, e.feature_id;
