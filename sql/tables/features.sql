-- What each feature does across roles.
create table features (
    sae varchar not null,
    feature_id integer not null,
    alive boolean not null,
    mean double,
    sd double,
    preferred_role varchar,
    entropy double,
    firing_rate double,
    length_correlation double,
    variance_role double,
    variance_question double,
    variance_variant double,
    variance_residual double,
    atlas_alive boolean not null,
    atlas_mu double,
    atlas_sd double,
    stability double,
    pass boolean not null,
    score double
);
comment on table features is 'Each of an SAE''s features across the compared roles, silent ones included. Of the mean over a response''s tokens';
comment on column features.alive is 'Whether it fired in any response';
comment on column features.mean is 'Mean of the roles'' means; units of SAE activation';
comment on column features.sd is 'Population standard deviation of the roles'' means';
comment on column features.preferred_role is 'The role with the largest mean';
comment on column features.entropy is 'Of the roles'' shares, over log(number of roles): 1 where all roles are alike, 0 where one has all';
comment on column features.firing_rate is 'Share of all responses in which it fired';
comment on column features.length_correlation is 'Pearson correlation with the number of pooled tokens, over responses';
comment on column features.variance_role is 'Share of the variance over responses that roles explain (type I sums of squares: role, question, variant within role)';
comment on column features.variance_question is 'Share that questions explain beyond roles; NULL where roles share no questions';
comment on column features.variance_variant is 'Share that variants within roles explain beyond both';
comment on column features.variance_residual is 'The rest';
comment on column features.atlas_alive is 'Whether the atlas takes it for alive: its column of the role matrix M is not zero';
comment on column features.atlas_mu is 'Mean of M over roles; M is said in atlas_summary.role_matrix_mode';
comment on column features.atlas_sd is 'Population standard deviation of M over roles';
comment on column features.stability is 'Cosine over roles of the means of two random halves of each role''s responses (strategy max: of the means of their maxima)';
comment on column features.pass is 'Alive, with an atlas_sd not below the median of the alive: it may be on the map';
comment on column features.score is 'stability x atlas_sd, -1 for those that did not pass; the highest are selected';
