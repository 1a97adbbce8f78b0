-- Which roles are most alike in the features that tell roles apart, and how sure is that?
--
-- crossed_similarity is of other wordings and other questions of either role, and the interval is its own.
select role_a, role_b, crossed_similarity, similarity_low, similarity_high
from role_similarity
where role_a < role_b and sae = chosen_sae(null)
order by crossed_similarity desc nulls last, role_a, role_b
limit 10;
