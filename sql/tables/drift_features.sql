-- Which features carry each change.
create table drift_features (
    run varchar not null,
    turn integer not null,
    feature_id integer not null,
    delta double not null,
    weight double not null,
    contribution double not null,
    share_of_change double not null,
    share_of_away double not null,
    direction varchar not null,
    effect varchar,
    rank_by_contribution integer not null,
    rank_by_change integer not null
);
comment on table drift_features is 'Every feature whose value changed from a turn to the next: the contributions of a transition sum to its delta_projection';
comment on column drift_features.turn is 'The turn that the transition leads to';
comment on column drift_features.delta is 'Change of the feature''s value in the space of the run (drift_runs.transform, centered, l2_normalized)';
comment on column drift_features.weight is 'The feature''s part of the unit axis: above 0 it speaks for the assistant';
comment on column drift_features.contribution is 'delta * weight: what the feature adds to the change of the projection';
comment on column drift_features.share_of_change is '|delta| over the sum of all |delta| of the transition';
comment on column drift_features.share_of_away is 'Its part of away_mass; 0 where it does not lead away';
comment on column drift_features.direction is 'activated where delta is above 0, else deactivated';
comment on column drift_features.effect is 'toward or away from the assistant; NULL where it does neither';
comment on column drift_features.rank_by_contribution is 'By |contribution|, from 1';
comment on column drift_features.rank_by_change is 'By |delta|, from 1: the largest changes may explain little of the movement';
