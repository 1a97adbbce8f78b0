-- What changes from each answer to the next.
create table drift_transitions (
    run varchar not null,
    turn integer not null,
    previous_turn integer not null,
    delta_projection double,
    delta_cosine_axis double,
    delta_cosine_anchor double,
    toward_mass double not null,
    away_mass double not null,
    n_features integer not null
);
comment on table drift_transitions is 'From each of the assistant''s messages to the next';
comment on column drift_transitions.turn is 'The turn that it leads to';
comment on column drift_transitions.delta_projection is 'Change of the projection: toward_mass - away_mass';
comment on column drift_transitions.toward_mass is 'Sum of the contributions towards the assistant';
comment on column drift_transitions.away_mass is 'Sum of those away from it, as a positive number';
comment on column drift_transitions.n_features is 'Features whose value changed';
