-- How each compared role differs from the others in the feature $feature_id of the SAE $sae.
select
    role, share, effect, effect_low, effect_high, auroc, q,
    auroc_low, auroc_high, min_wording_auroc, n_wordings_agree
from role_contrasts
where sae = $sae and feature_id = $feature_id;
