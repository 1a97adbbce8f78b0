-- How each compared role differs from the others in the feature $feature_id of the SAE $sae, and how by the answers
-- alone that play it.
select c.* exclude (sae, feature_id, p), p.effect as played_effect
from role_contrasts as c
left join played_contrasts as p on p.sae = c.sae and p.feature_id = c.feature_id and p.role = c.role
where c.sae = $sae and c.feature_id = $feature_id;
