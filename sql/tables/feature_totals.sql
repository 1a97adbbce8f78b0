-- Sums over roles, so that a question about one role need not read all of them.
create table feature_totals (
    sae varchar not null,
    feature_id integer not null,
    mean double not null,
    firing_rate double not null
);
comment on table feature_totals is 'Sums of role_features over the roles that take part in comparisons; top_features divides them by the number of roles';
comment on column feature_totals.mean is 'Sum of role_features.mean; units of SAE activation';
comment on column feature_totals.firing_rate is 'Sum of role_features.firing_rate';
