-- How each compared role differs from the others in the feature $feature_id of the SAE $sae, per token and at equal
-- length.
select
    role, rate_ratio, rate_ratio_low, rate_ratio_high,
    effect_at_length, effect_at_length_low, effect_at_length_high, length_overlap
from length_contrasts
where sae = $sae and feature_id = $feature_id
order by role;
