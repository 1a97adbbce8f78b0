-- The tokens that the feature $feature_id of the SAE $sae promotes (sign 1) and suppresses (-1) most.
select sign, piece, value
from feature_logits
where sae = $sae and feature_id = $feature_id
order by sign desc, rank;
