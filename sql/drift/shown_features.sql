-- Of each transition of a run ($run) the $top features by contribution and the $top by change.
select turn, feature_id, delta, weight, contribution, share_of_change, share_of_away,
    rank_by_contribution, rank_by_change
from drift_features
where run = $run and least(rank_by_contribution, rank_by_change) <= $top
order by turn, rank_by_contribution;
