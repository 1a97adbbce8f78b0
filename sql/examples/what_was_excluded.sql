-- Which answers were not pooled, and why?
select p.sae, p.role, p.response_id, p.variant, p.question_id, p.excluded_reason, r.question, r.response
from pooled as p
join responses as r on r.role = p.role and r.response_id = p.response_id
where p.excluded_reason is not null
order by p.sae, p.role, p.response_id;
