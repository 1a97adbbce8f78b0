-- The tokens around the peak in responses of each band of the activation of the feature $feature_id of the SAE $sae.
select band, n_in_band, role, response_id, max, drawn, start, pieces, activations, left(question, $cut) as question
from evidence_over_range($feature_id, $sae)
order by band desc, max desc, role, response_id;
