-- How many answers of the role $role play it, under the SAE $sae; no row where they are not told apart.
select * exclude (sae) from played_roles where sae = $sae and role = $role;
