-- The roles that the map of the SAE $sae compares.
select distinct role_a as role from role_similarity where sae = $sae order by role;
