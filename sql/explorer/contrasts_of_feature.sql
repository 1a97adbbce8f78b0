-- How each compared role differs from the others in the feature $feature_id of the SAE $sae; how by the answers alone
-- that play it, and how by the first tokens of each.
select
    c.* exclude (sae, feature_id, p),
    p.effect as played_effect,
    f.effect as first_effect,
    f.effect_low as first_effect_low,
    f.effect_high as first_effect_high
from role_contrasts as c
left join played_contrasts as p on p.sae = c.sae and p.feature_id = c.feature_id and p.role = c.role
left join first_contrasts as f on f.sae = c.sae and f.feature_id = c.feature_id and f.role = c.role
where c.sae = $sae and c.feature_id = $feature_id;
