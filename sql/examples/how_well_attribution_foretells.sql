-- How well does attribution foretell, in each role, what an answer loses where one feature is taken out?
--
-- Spearman's correlation over pairs of a feature and an answer drawn by lot; 1 would be the same order.
select role, spearman, low, high, n, n_answers
from attribution_checks
order by role;
