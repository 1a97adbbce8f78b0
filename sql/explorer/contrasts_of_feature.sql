-- How each compared role differs from the others in the feature $feature_id of the SAE $sae.
select role, share, effect, effect_low, effect_high, auroc, q
from role_contrasts
where sae = $sae and feature_id = $feature_id;
