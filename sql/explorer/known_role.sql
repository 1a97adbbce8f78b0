-- The role $role of the study; no row where it has none of that name.
select role, status, excluded, n_responses from roles where role = $role;
