-- Every role of the study and how far it has come.
select role, status, n_responses, n_prompts, excluded
from roles
order by role;
