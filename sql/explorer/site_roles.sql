-- The roles that a static site has pages of.
select role, n_responses from roles order by role;
