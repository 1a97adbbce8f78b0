-- Which features go with the length of an answer? Differences between roles in these may be of length alone.
select feature_id, length_correlation, firing_rate, preferred_role, variance_role
from features
where alive and sae = chosen_sae(null)
order by abs(length_correlation) desc nulls last, feature_id
limit 20;
