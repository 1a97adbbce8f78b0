-- Which labels foretell where their feature fires, to a model that reads them?
select feature_id, scorer, worth, description, source, score, low, high, q, n
from explanation_scores
where score is not null
order by q, score desc, feature_id, scorer
limit 20;
