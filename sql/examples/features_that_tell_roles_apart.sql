-- Which features tell roles apart best, and to which role does each belong?
select a.rank, a.feature_id, l.description, a.preferred_role, f.variance_role, f.variance_question, a.stability
from atlas as a
join features as f on f.sae = a.sae and f.feature_id = a.feature_id
left join preferred_labels as l on l.sae = a.sae and l.feature_id = a.feature_id
where a.sae = chosen_sae(null)
order by a.rank
limit 20;
