-- Which roles are most alike in the features that tell roles apart?
select role_a, role_b, similarity
from role_similarity
where role_a < role_b and sae = chosen_sae(null)
order by similarity desc, role_a, role_b
limit 10;
