-- Which features characterize a role by how they fire, and on which do its own answers depend? (attribution)
--
-- The role here is the first that is attributed; put any other in its place. How well attribution foretells what an answer
-- loses without a feature stands in attribution_checks.
select feature_id, label, activation_rank, attribution_rank, distinctness, attribution, attribution_low, attribution_high
from persona_features((select min(role) from feature_attribution where attribution != 0))
where activation_rank <= 10 or attribution_rank <= 10;
