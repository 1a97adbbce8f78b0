-- Of each transition of a run ($run) the $top features by contribution among those that rose, and among those
-- that fell.
select
    turn, feature_id, direction, delta, weight, contribution, share_of_change, share_of_away,
    row_number() over (partition by turn, direction order by rank_by_contribution) as place
from drift_features
where run = $run
qualify place <= $top
order by turn, direction, place;
