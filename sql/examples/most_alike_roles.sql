-- Which roles are most alike in the features that tell roles apart, and how sure is that?
select role_a, role_b, similarity, similarity_low, similarity_high
from role_similarity
where role_a < role_b and sae = chosen_sae(null)
order by similarity desc, role_a, role_b
limit 10;
