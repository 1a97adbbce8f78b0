-- Which features are the pirate's own from the first tokens of its answers on? (extraction.first_tokens)
--
-- Those that stand high by whole answers and low here belong to long answers, or come late in them.
select
    feature_id, label, label_worth, rank_all, rank_first, auroc_all, auroc_first, auroc_first_low, auroc_first_high, q_first
from in_first_tokens('pirate')
order by rank_all, feature_id
limit 20;
