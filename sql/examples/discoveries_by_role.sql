-- How many features set each role apart from the others, and does any?
select role, n_more, n_less, n_relevant, simes_q
from role_findings
where sae = chosen_sae(null)
order by n_relevant desc, role;
