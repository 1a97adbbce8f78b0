-- Each feature aggregated over each role's responses; unpacked as in `role_contrasts`.
create table role_features (
    sae varchar not null,
    role varchar not null,
    feature_id integer not null,
    n_responses integer not null,
    n_active_responses integer not null,
    firing_rate double not null using compression uncompressed,
    mean double not null using compression uncompressed,
    max float not null using compression uncompressed,
    sd double not null
);
comment on table role_features is 'Each feature over each role''s responses; a feature that never fired in a role has no row';
comment on column role_features.n_responses is 'Pooled responses of the role';
comment on column role_features.n_active_responses is 'Those of them in which the feature fired on some token';
comment on column role_features.firing_rate is 'n_active_responses / n_responses';
comment on column role_features.mean is 'Mean over all pooled responses (zeros too) of the mean over tokens; units of SAE activation';
comment on column role_features.max is 'The strongest activation on any token; units of SAE activation';
comment on column role_features.sd is 'Population standard deviation, over all pooled responses, of the mean over tokens';
