-- Which features are a role's own from the first tokens of its answers on? (extraction.first_tokens)
--
-- The role here is the first that is pooled over its first tokens; put any other in its place. What stands high by whole
-- answers and low here belongs to long answers, or comes late in them.
select
    feature_id, label, label_worth, rank_all, rank_first, auroc_all, auroc_first, auroc_first_low, auroc_first_high, q_first
from in_first_tokens((select min(role) from first_contrasts))
order by rank_all, feature_id
limit 20;
