-- The selected features: where they lie on the map, and what is said of them.
create table atlas (
    sae varchar not null,
    feature_id integer not null,
    rank integer not null,
    umap_x double,
    umap_y double,
    pca_x double,
    pca_y double,
    preferred_role varchar not null,
    top_roles struct(role varchar, activation double, share double)[] not null,
    score double not null,
    stability double not null,
    sd double not null,
    mu double not null,
    pref_ratio double,
    active_frac double not null,
    cv double,
    mean_activation double not null,
    max_activation double not null,
    bridge_entropy double
);
comment on table atlas is 'The selected features and their places on the map. Distances in it are for navigation; neighbors come from the full space. M is the role matrix (see role_matrix)';
comment on column atlas.rank is 'By score, from 1';
comment on column atlas.umap_x is 'UMAP over cosines; NULL where the feature has no place';
comment on column atlas.pca_x is 'On the first principal component; NULL where there is none';
comment on column atlas.preferred_role is 'The role with the largest M';
comment on column atlas.top_roles is 'The three roles with the largest V, the best first: V is M, of centred M its positive part; share is V over its sum';
comment on column atlas.score is 'stability x sd';
comment on column atlas.stability is 'Cosine over roles of the means of two random halves of each role''s responses (strategy max: of the means of their maxima)';
comment on column atlas.sd is 'Population standard deviation of M over roles';
comment on column atlas.mu is 'Mean of M over roles';
comment on column atlas.pref_ratio is 'The largest V over the second (at least 1e-8)';
comment on column atlas.active_frac is 'Share of roles with M > 0';
comment on column atlas.cv is 'sd / |mu|; NULL where M is centred, as mu is about 0 then';
comment on column atlas.mean_activation is 'Mean over roles of the role''s mean (strategy max: maximum); units of SAE activation';
comment on column atlas.max_activation is 'The largest of the same over roles';
comment on column atlas.bridge_entropy is 'Entropy of the shares over log(number of roles): 1 where all roles are alike, 0 where one has all';
