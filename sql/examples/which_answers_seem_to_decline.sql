-- Which answers seem to decline what they are asked, or their role? A heuristic, for a study without a judge.
--
-- Needs `analysis.declined: true`. 0 is the role's mean, 1 that of the anchor's declining answers; there is no score where
-- too few of these are there (declined_roles.reason). `matched` opens as answers do that decline.
select s.role, s.response_id, round(s.declined_score, 2) as declined_score, s.matched, r.question, r.response[:80] as opening
from declined_scores as s
join responses as r using (role, response_id)
where s.sae = chosen_sae(null) and (s.declined_score > 0.5 or s.matched)
order by s.declined_score desc nulls last, s.role, s.response_id
limit 20;
