-- Which features carried the largest drops away from the assistant, and how much of each do they explain?
--
-- Of the three largest drops the five features with the largest contributions. share_of_drop is a feature's part
-- of the change of the projection; those that lead back make up for what exceeds 1.
with drops as (
    select run, turn, delta_projection
    from drift_transitions
    where delta_projection < 0
    order by delta_projection, run, turn
    limit 3
)
select
    r.name,
    d.turn,
    d.delta_projection,
    f.feature_id,
    l.description,
    f.direction,
    f.contribution,
    f.contribution / d.delta_projection as share_of_drop
from drops as d
join drift_runs as r on r.run = d.run
join drift_features as f on f.run = d.run and f.turn = d.turn and f.rank_by_contribution <= 5
left join preferred_labels as l on l.sae = r.sae and l.feature_id = f.feature_id
order by d.delta_projection, r.name, f.rank_by_contribution;
