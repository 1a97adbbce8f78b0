-- How each role differs from the others in each feature that fires anywhere.
--
-- Packed, doubles of measurements would be a sixth smaller. But then a single value costs unpacking the 2,048 around
-- it, and one feature's in 276 roles lie in as many places: as they are they are found in half the time.
create table role_contrasts (
    sae varchar not null,
    role varchar not null,
    feature_id integer not null,
    share double using compression uncompressed,
    effect double using compression uncompressed,
    effect_low double using compression uncompressed,
    effect_high double using compression uncompressed,
    auroc double using compression uncompressed,
    p double,
    q double using compression uncompressed
);
comment on table role_contrasts is 'Each role against all others, for every feature that fires in any: absences are effects too. Of the mean over a response''s tokens; roles left out of comparisons take no part';
comment on column role_contrasts.share is 'The role''s mean over the sum of all roles'' means';
comment on column role_contrasts.effect is 'Mean over questions of (the role''s mean on the question - the mean over all roles on it); units of SAE activation. NULL where roles share no questions. It compares means, which one strong role pulls; AUROC and q compare ranks: their signs may differ';
comment on column role_contrasts.effect_low is 'Lower end of the effect''s 95% interval (t over the questions'' differences); NULL with one question';
comment on column role_contrasts.effect_high is 'Upper end of the same interval';
comment on column role_contrasts.auroc is 'How often a response of the role has more of it than one of the others, ties counting half: exact';
comment on column role_contrasts.p is 'Two-sided Mann-Whitney with tie and continuity correction; Fisher''s exact test on fired or not where fewer than 5 firings are expected';
comment on column role_contrasts.q is 'p adjusted for all pairs of role and feature (Benjamini-Hochberg): below 0.05 at most 5% of such findings are expected to be false';
