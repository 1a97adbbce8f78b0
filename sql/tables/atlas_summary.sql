-- How the features of the atlas were selected, and how far its map can be trusted: a row an SAE.
create table atlas_summary (
    sae varchar not null,
    role_matrix_mode varchar not null,
    n_roles integer not null,
    d_sae integer not null,
    alive_count integer not null,
    pass_count integer not null,
    selected_count integer not null,
    sd_threshold double,
    quality_k integer not null,
    preservation double,
    pca_x_explained double,
    pca_y_explained double,
    note varchar not null
);
comment on table atlas_summary is 'How the features of each SAE''s atlas were selected, and how far its map can be trusted';
comment on column atlas_summary.role_matrix_mode is 'question_centered_mean: role means less what all roles do on the same responses; log1p_role_mean: log(1 + role mean)';
comment on column atlas_summary.d_sae is 'How many features the SAE has';
comment on column atlas_summary.alive_count is 'Features that any role has';
comment on column atlas_summary.pass_count is 'Those whose sd over roles is not below the median of the alive';
comment on column atlas_summary.selected_count is 'The best of these by score: those on the map';
comment on column atlas_summary.sd_threshold is 'That median';
comment on column atlas_summary.preservation is 'Share of a feature''s quality_k nearest by cosine that are among its nearest on the map; NULL where there is no map';
comment on column atlas_summary.pca_x_explained is 'The first principal component''s share of the selected features'' variance over roles; NULL where there is none';
comment on column atlas_summary.pca_y_explained is 'The second''s';
comment on column atlas_summary.note is 'To be shown beside every map';
