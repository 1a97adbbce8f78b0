-- How many answers of the role $role differ, and whether so few do ($least is the least share) that errors are understated.
select n_responses, n_distinct, n_effective, share_distinct < $least as repeats from role_answers where role = $role;
