-- How alike the roles are under the SAE $sae: every pair, both ways.
select role_a, role_b, similarity, similarity_low, similarity_high from role_similarity where sae = $sae order by role_a, role_b;
