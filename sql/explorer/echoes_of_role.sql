-- Which of the features $features peak on the words of the role $role more than one in twenty roles' words would hold.
select * from echoes(role := $role, sae := $sae)
where list_contains($features::bigint[], feature_id) and n_echoes > 0 and p <= 0.05;
