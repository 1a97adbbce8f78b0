-- What the preferred labels of the SAE $sae are worth, of those that were scored.
select feature_id, label_score as score, label_worth as worth, label_q <= 0.05 as better
from preferred_labels
where sae = $sae and label_score is not null
order by feature_id;
